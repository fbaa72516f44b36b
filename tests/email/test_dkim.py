"""DKIM: what the mail server gets bears a signature that receivers find right by DNS, whichever e-mail it is."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import dkim as dkimpy
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from dns.rdtypes.ANY.TXT import TXT
from flask import Flask
from flask.testing import FlaskClient

import config
from app.email import dkim
from app.email.dns import look_up
from tests.conftest import SECRETS
from tests.dns_server import DnsServer, txt
from tests.factories import make_petition, press_confirm, sign
from tests.mail_server import MailServer, link_in


def pem(key: PrivateKeyTypes, password: bytes | None = None) -> str:
    how = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how).decode()


KEYS = {"RSA": pem(rsa.generate_private_key(65537, 2048)), "Ed25519": pem(Ed25519PrivateKey.generate())}


@pytest.fixture(params=list(KEYS))
def signing(app: Flask, request: pytest.FixtureRequest) -> Iterator[DnsServer]:
    """Sign with a key whose public half is in DNS."""
    resolver = DnsServer()
    app.config.update(
        DNS_RESOLVER=resolver.address,
        DKIM_KEY=KEYS[request.param],
        DKIM_SELECTOR="s1",
        MAIL_DEFAULT_SENDER="petitions@example.org",
    )
    with app.app_context():
        resolver.add({"s1._domainkey.example.org": {"TXT": [txt(str(dkim.record_of_key()))]}})
    yield resolver
    resolver.stop()


def holds(app: Flask, raw: bytes) -> bool:
    """Tell whether a receiver finds the signature right, by a real look-up."""

    def text_of(name: bytes, timeout: int = 5) -> bytes:
        (record,) = look_up(name.decode(), "TXT") or ()
        assert isinstance(record, TXT)
        return b"".join(record.strings)

    with app.app_context():
        return bool(dkimpy.verify(raw, dnsfunc=text_of))


def signed_headers(raw: bytes) -> list[str]:
    message = dkimpy.DKIM(raw)
    tags = dkimpy.util.parse_tag_value(next(value for name, value in message.headers if name == b"DKIM-Signature"))
    return [name.strip() for name in tags[b"h"].decode().split(":")]


@pytest.mark.parametrize("title", ["Free the books", "Свобода книгам и всем, кто их пишет", "Ünnötige Härte"])
def test_every_e_mail_is_signed_as_it_goes_out(
    app: Flask,
    client: FlaskClient,
    signing: DnsServer,
    mail_server: MailServer,
    work: Callable[[], int],
    title: str,
) -> None:
    make_petition(app, title=f'"{title}"')
    sign(client, email="ann@example.org")
    sign(client, email='"ann b"@example.org')
    work()
    press_confirm(client, link_in(mail_server.to("ann@example.org")[0]))
    work()
    assert len(mail_server.raw) >= 2
    assert [holds(app, raw) for raw in mail_server.raw] == [True] * len(mail_server.raw)


def test_a_sender_in_another_script_is_signed_for_in_ascii(
    app: Flask, client: FlaskClient, signing: DnsServer, mail_server: MailServer, work: Callable[[], int]
) -> None:
    app.config["MAIL_DEFAULT_SENDER"] = "petitions@bücher.example"
    make_petition(app)
    sign(client)
    work()
    assert b"d=xn--bcher-kva.example;" in mail_server.raw[0] and mail_server.raw[0].isascii()


def test_nothing_that_people_see_or_press_can_be_changed_or_added(
    app: Flask, client: FlaskClient, signing: DnsServer, mail_server: MailServer, work: Callable[[], int], petition: str
) -> None:
    sign(client)
    work()
    (raw,) = mail_server.raw
    names = signed_headers(raw)
    assert {"list-unsubscribe", "list-unsubscribe-post", "to", "subject", "date", "message-id"} <= set(names)
    assert names.count("from") == 2 and names.count("subject") == 2
    for added in (b"From: another@example.net\r\n", b"Subject: Another\r\n", b"Reply-To: another@example.net\r\n"):
        assert not holds(app, added + raw)
    assert not holds(app, raw.replace(b"/unsubscribe/", b"/elsewhere/"))
    assert holds(app, b"Received: from here by there\r\n" + raw)


def test_each_place_that_hands_e_mails_over_signs_them() -> None:
    """Also one that is added later: an e-mail without a signature would go unnoticed for long."""
    handed_over = re.findall(r"(?<!def )\bhand_over\((.*)\)", (config.ROOT / "app/email/smtp.py").read_text("utf-8"))
    assert handed_over
    assert [call for call in handed_over if "sign(" not in call] == []


def test_without_a_key_nothing_is_signed(
    client: FlaskClient, mail_server: MailServer, work: Callable[[], int], petition: str
) -> None:
    sign(client)
    work()
    assert "DKIM-Signature" not in mail_server.letters[0]


def load(folder: Path, **environ: str) -> dict[str, object]:
    return config.load({**SECRETS, **environ}, instance=folder)


def test_the_key_is_a_file_or_stands_in_the_setting(tmp_path: Path) -> None:
    (tmp_path / "dkim.pem").write_text(KEYS["RSA"])
    for given in (str(tmp_path / "dkim.pem"), KEYS["RSA"], KEYS["RSA"].replace("\n", "\\n")):
        settings = load(tmp_path, DKIM_KEY=given, DKIM_SELECTOR="mail2026")
        assert settings["DKIM_KEY"] == KEYS["RSA"] and settings["DKIM_SELECTOR"] == "mail2026"
    assert load(tmp_path, DKIM_SELECTOR="relay1")["DKIM_KEY"] is None


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"DKIM_KEY": KEYS["RSA"]}, "set DKIM_SELECTOR too"),
        ({"DKIM_KEY": KEYS["RSA"], "DKIM_SELECTOR": "two words"}, "DKIM_SELECTOR is"),
        ({"DKIM_KEY": "/nowhere/dkim.pem", "DKIM_SELECTOR": "s1"}, "/nowhere/dkim.pem, which cannot be read"),
        ({"DKIM_KEY": "-----BEGIN PRIVATE KEY-----\\nAAAA", "DKIM_SELECTOR": "s1"}, "no private key in PEM"),
        ({"DKIM_KEY": pem(rsa.generate_private_key(65537, 1024)), "DKIM_SELECTOR": "s1"}, "2048 to 4096 bits"),
        ({"DKIM_KEY": pem(ec.generate_private_key(ec.SECP256R1())), "DKIM_SELECTOR": "s1"}, "2048 to 4096 bits"),
        ({"DKIM_KEY": pem(Ed25519PrivateKey.generate(), b"pw"), "DKIM_SELECTOR": "s1"}, "without a password"),
    ],
)
def test_a_key_that_cannot_sign_is_refused_at_the_start(tmp_path: Path, environ: dict[str, str], said: str) -> None:
    with pytest.raises(config.ConfigError, match=said):
        load(tmp_path, **environ)
