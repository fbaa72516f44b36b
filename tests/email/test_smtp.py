"""SMTP: system certificates are read once and only for TLS, and an untrusted mail server gets no letter."""

import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask
from flask_mail import Message

from app import clock
from app.email import smtp
from tests.mail_server import MailServer, free_port


@pytest.fixture
def contexts(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[ssl.SSLContext]]:
    """The TLS contexts that are made during a test."""
    made: list[ssl.SSLContext] = []
    create = ssl.create_default_context

    def counted() -> ssl.SSLContext:
        made.append(create())
        return made[-1]

    monkeypatch.setattr(ssl, "create_default_context", counted)
    smtp._tls.cache_clear()
    yield made
    smtp._tls.cache_clear()


def self_signed(folder: Path) -> ssl.SSLContext:
    """Return the server's side of TLS with a certificate that nobody trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    now = clock.now()
    builder = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1))
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    kind = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "server.pem"
    path.write_bytes(certificate + key.private_bytes(*kind))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def test_plain_smtp_reads_no_certificates(app: Flask, mail_server: MailServer, contexts: list[ssl.SSLContext]) -> None:
    with app.app_context():
        line = smtp.SmtpConnection()
        line.send(Message("a letter", ["ann@example.org"], "text"))
        line.close()
    assert len(mail_server.letters) == 1
    assert contexts == []


def test_tls_reads_certificates_once_and_refuses_an_untrusted_server(
    app: Flask, mail_server: MailServer, contexts: list[ssl.SSLContext], tmp_path: Path
) -> None:
    port = free_port()
    controller = Controller(
        mail_server, hostname="127.0.0.1", port=port, tls_context=self_signed(tmp_path), require_starttls=True
    )
    controller.start()
    mail = app.extensions["mail"]
    before = mail.port, mail.use_tls
    mail.port, mail.use_tls = port, True
    try:
        with app.app_context():
            for _ in range(2):
                with pytest.raises(smtp.NoConnection, match="certificate verify failed"):
                    smtp.SmtpConnection().send(Message("a letter", ["ann@example.org"], "text"))
    finally:
        mail.port, mail.use_tls = before
        controller.stop()
    assert mail_server.letters == []
    assert len(contexts) == 1
