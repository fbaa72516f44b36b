"""SMTP: system certificates are read once and only for TLS, and an untrusted mail server gets no letter."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from flask import Flask

from app.email import smtp
from app.email.pipelining import ReadyMessage
from bench.certificates import self_signed
from tests.mail_server import MailServer, free_port

LETTER = ReadyMessage("site@example.org", "ann@example.org", b"Subject: a letter\r\n\r\ntext\r\n")


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


def untrusted(folder: Path) -> ssl.SSLContext:
    """Return the server's side of TLS with a certificate that nobody trusts."""
    self_signed(folder / "server.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


def test_plain_smtp_reads_no_certificates(app: Flask, mail_server: MailServer, contexts: list[ssl.SSLContext]) -> None:
    with app.app_context():
        line = smtp.SmtpConnection()
        line.send_ready(LETTER)
        line.close()
    assert len(mail_server.letters) == 1
    assert contexts == []


def test_tls_reads_certificates_once_and_refuses_an_untrusted_server(
    app: Flask, mail_server: MailServer, contexts: list[ssl.SSLContext], tmp_path: Path
) -> None:
    port = free_port()
    controller = Controller(
        mail_server, hostname="127.0.0.1", port=port, tls_context=untrusted(tmp_path), require_starttls=True
    )
    controller.start()
    mail = app.extensions["mail"]
    before = mail.port, mail.use_tls
    mail.port, mail.use_tls = port, True
    try:
        with app.app_context():
            for _ in range(2):
                with pytest.raises(smtp.NoConnection, match="certificate verify failed"):
                    smtp.SmtpConnection().send_ready(LETTER)
    finally:
        mail.port, mail.use_tls = before
        controller.stop()
    assert mail_server.letters == []
    assert len(contexts) == 1
