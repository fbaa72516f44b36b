"""A set-up that is right in everything, for tests to make one thing wrong in."""

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from flask import Flask

from app.doctor.set_up import SetUp
from app.email import dkim
from tests.dns_server import DnsServer, txt

OUTGOING = "192.0.2.10"
RIGHT = {
    "example.org": {"A": ["192.0.2.1"], "MX": ["10 mail.example.org."], "TXT": [txt("v=spf1 -all")]},
    "petitions.example.org": {"A": ["192.0.2.1"]},
    "bounces.example.org": {"TXT": [txt(f"v=spf1 ip4:{OUTGOING} -all")], "MX": ["10 mail.example.org."]},
    "mail.example.org": {"A": [OUTGOING]},
    "10.2.0.192.in-addr.arpa": {"PTR": ["mail.example.org."]},
    "_dmarc.example.org": {"TXT": [txt("v=DMARC1; p=quarantine; rua=mailto:reports@example.org")]},
}


def make_key(bits: int = 2048) -> str:
    """Return a new private RSA key in PEM."""
    key = rsa.generate_private_key(65537, bits)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture(scope="session")
def dkim_key() -> str:
    """A private key for DKIM, in PEM."""
    return make_key()


@pytest.fixture(scope="session")
def session_dns() -> Iterator[DnsServer]:
    server = DnsServer()
    yield server
    server.stop()


@pytest.fixture
def dns(app: Flask, session_dns: DnsServer, dkim_key: str) -> Iterator[DnsServer]:
    """A resolver that knows the records of a site whose e-mails arrive; the app signs with the key of these records."""
    session_dns.reset()
    app.config.update(DNS_RESOLVER=session_dns.address, DKIM_KEY=dkim_key, DKIM_SELECTOR="s1")
    with app.app_context():
        session_dns.add(RIGHT)
        session_dns.add({"s1._domainkey.example.org": {"TXT": [txt(str(dkim.record_of_key()))]}})
        yield session_dns


@pytest.fixture
def site(dns: DnsServer) -> SetUp:
    """The set-up to which those records belong."""
    return made()


def made(**otherwise: object) -> SetUp:
    """Return that set-up with something otherwise."""
    usual: dict[str, object] = {
        "base_url": "https://petitions.example.org",
        "sender": "petitions@example.org",
        "bounce_domain": "bounces.example.org",
        "relay": "mail.example.org",
        "outgoing": (OUTGOING,),
        "dkim_selector": "s1",
    }
    return SetUp(**{**usual, **otherwise})  # type: ignore[arg-type]
