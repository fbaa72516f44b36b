"""`doctor --mailbox` sends a test e-mail through the relay and looks at what arrived, as receivers do."""

import email.message
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox
from flask import Flask, current_app
from flask.testing import FlaskCliRunner

from app.doctor import commands
from app.doctor.arrived import check_arrived
from app.doctor.finding import Finding, Verdict
from app.doctor.one_of_each import plain_test
from app.email import dkim
from app.email.letter import make_ready
from tests.dns_server import DnsServer, txt
from tests.doctor.conftest import made, make_key
from tests.mail_server import MailServer, free_port

SIGNATURE = "DKIM of the e-mail that arrived"
RECEIVED = b"Received: from mail.example.org by mx.example.net; Mon, 30 Nov 2099 10:00:00 +0000\r\n"


class Delivering(Mailbox):
    """A relay that delivers into a folder, and adds what it is told to."""

    def __init__(self, folder: Path, advertisement: str = "") -> None:
        super().__init__(str(folder))
        self._advertisement = advertisement

    def handle_message(self, message: email.message.Message) -> None:
        if self._advertisement:
            message.set_payload(message.get_payload() + self._advertisement)
        super().handle_message(message)


@contextmanager
def delivering(folder: Path, advertisement: str = "") -> Iterator[int]:
    port = free_port()
    controller = Controller(Delivering(folder, advertisement), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@pytest.fixture
def sender(dns: DnsServer) -> None:
    current_app.config["MAIL_DEFAULT_SENDER"] = "Our site <petitions@example.org>"


def sent() -> bytes:
    """Return a test e-mail as it goes out."""
    return dkim.sign(make_ready(plain_test("ann@example.net")).content)


def found(raw: bytes, **otherwise: object) -> dict[str, Finding]:
    return {finding.name: finding for finding in check_arrived(raw, made(bounce_domain=None, **otherwise))}


def test_an_e_mail_that_arrived_as_it_was_sent(sender: None) -> None:
    results = b"Authentication-Results: mx.example.net; spf=pass smtp.mailfrom=example.org; dkim=pass; dmarc=pass\r\n"
    findings = found(results + b"Return-Path: <petitions@example.org>\r\n" + sent())
    assert {finding.verdict for finding in findings.values()} == {Verdict.OK}
    assert len(findings) == 3


def test_an_e_mail_without_a_signature(sender: None) -> None:
    current_app.config["DKIM_KEY"] = None
    finding = found(sent())[SIGNATURE]
    assert finding.verdict == Verdict.WRONG and "no DKIM signature" in finding.found


def test_an_e_mail_that_was_changed_on_its_way(sender: None) -> None:
    finding = next(check_arrived(sent() + b"Sent with the cheapest relay\r\n", made()))
    assert finding.verdict == Verdict.WRONG and "body's hash differs" in finding.found


def test_an_e_mail_signed_with_another_key(sender: None) -> None:
    current_app.config["DKIM_KEY"] = make_key()
    finding = next(check_arrived(sent(), made()))
    assert finding.verdict == Verdict.WRONG and "another key" in finding.found


def test_an_e_mail_whose_signature_is_of_the_relays_own_domain(dns: DnsServer, sender: None) -> None:
    current_app.config["MAIL_DEFAULT_SENDER"] = "petitions@relay.example"
    dns.add({"s1._domainkey.relay.example": {"TXT": [txt(str(dkim.record_of_key()))]}})
    raw = make_ready(plain_test("ann@example.net")).content.replace(b"@relay.example", b"@example.org")
    finding = found(dkim.sign(raw))[SIGNATURE]
    assert finding.verdict == Verdict.WRONG and "No signature that holds is of example.org" in finding.found


def test_an_e_mail_whose_sender_the_relay_replaced(sender: None) -> None:
    (finding,) = found(sent().replace(b"petitions@example.org", b"bulk@relay.example", 1)).values()
    assert finding.verdict == Verdict.WRONG and "relay.example" in finding.found


def test_what_the_receiver_found_is_told(sender: None) -> None:
    results = b"Authentication-Results: mx.example.net;\r\n spf=softfail (no) smtp.mailfrom=a;\r\n dmarc=fail\r\n"
    another = b"Authentication-Results: forged; spf=pass; dmarc=pass\r\n"
    finding = found(results + another + sent())["What the receiver found"]
    assert finding.verdict == Verdict.WRONG and "dmarc=fail, spf=softfail" in finding.found


def test_an_e_mail_that_took_long(sender: None) -> None:
    assert found(RECEIVED + sent())["Way of the e-mail"].verdict == Verdict.WARNING
    assert found(RECEIVED.replace(b"2099", b"2020") + sent())["Clock"].verdict == Verdict.WARNING


@pytest.mark.parametrize(
    "raw", [b"", b"\xff\xfe\x00", b"From: @\r\n\r\n", b"From: petitions@example.org\nDKIM-Signature: x"]
)
def test_whatever_the_file_holds_is_judged(sender: None, raw: bytes) -> None:
    assert {finding.verdict for finding in check_arrived(raw, made())} & {Verdict.WRONG}


def test_doctor_sends_an_e_mail_and_finds_it_in_a_folder(
    app: Flask, sender: None, runner: FlaskCliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "examine", list)
    with delivering(tmp_path / "mail") as port:
        app.extensions["mail"].port = port
        told = runner.invoke(args=["doctor", "--mailbox", "ann@example.net", "--maildir", str(tmp_path / "mail")])
    assert "ok         Test e-mail, arrived: It is there." in told.output
    assert f"ok         {SIGNATURE}: The signature of example.org holds" in told.output


def test_doctor_finds_what_a_relay_adds(
    app: Flask, sender: None, runner: FlaskCliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "examine", list)
    with delivering(tmp_path / "mail", "Sent with the cheapest relay\r\n") as port:
        app.extensions["mail"].port = port
        told = runner.invoke(args=["doctor", "--mailbox", "ann@example.net", "--maildir", str(tmp_path / "mail")])
    assert told.exit_code == 2 and "the body's hash differs" in told.output


def test_a_relay_that_takes_the_test_and_delivers_nothing(
    sender: None,
    runner: FlaskCliRunner,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mail_server: MailServer,
) -> None:
    monkeypatch.setattr(commands, "examine", list)
    monkeypatch.setattr(commands, "ARRIVES_WITHIN_SECONDS", 1)
    for name in ("cur", "new", "tmp"):
        (tmp_path / name).mkdir()
    told = runner.invoke(args=["doctor", "--mailbox", "ann@example.net", "--maildir", str(tmp_path)])
    assert len(mail_server.letters) == 1
    assert told.exit_code == 2 and "it was not in" in told.output and "delivers nothing" not in told.output


def test_doctor_looks_at_a_saved_e_mail(
    app: Flask, sender: None, runner: FlaskCliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "examine", list)
    (tmp_path / "saved.eml").write_bytes(sent())
    told = runner.invoke(args=["doctor", "--message", str(tmp_path / "saved.eml")])
    assert told.exit_code == 0 and "The signature of example.org holds" in told.output


def test_without_a_relay_it_goes_to_a_catcher_of_our_own(
    app: Flask, sender: None, runner: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch, mail_server: MailServer
) -> None:
    monkeypatch.setattr(commands, "examine", list)
    app.config["MAIL_SERVER"] = None
    told = runner.invoke(args=["doctor", "--mailbox", "ann@example.net"])
    assert told.exit_code == 0, told.output
    assert "a catcher of our own" in told.output and "The signature of example.org holds" in told.output
    assert mail_server.letters == []
