"""`doctor` speaks to the relay step by step, and names the step that fails."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from flask import current_app

from app.doctor import relay
from app.doctor.finding import Finding, Verdict
from app.doctor.relay import check_relay
from app.doctor.set_up import SetUp
from bench.certificates import self_signed
from tests.dns_server import DnsServer
from tests.doctor.conftest import made
from tests.mail_server import free_port


class Relay:
    """A relay's rules: one login, and one domain that may send."""

    def __call__(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
        is_right = isinstance(data, LoginPassword) and data == LoginPassword(b"site", b"right")
        return AuthResult(success=is_right, handled=False)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not address.endswith("@bounces.example.org"):
            return "553 5.7.1 not yours"
        envelope.mail_from = address
        return "250 ok"


@contextmanager
def running(**how: object) -> Iterator[int]:
    port = free_port()
    controller = Controller(Relay(), hostname="127.0.0.1", port=port, **how)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the relay, which listens on loopback as all do in tests, for one on another machine."""
    monkeypatch.setattr(relay, "is_loopback", lambda host: False)


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """The server's side of TLS with a certificate for 127.0.0.1 that this machine trusts."""
    context = certified(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    return context


def certified(folder: Path, days: int = 90) -> ssl.SSLContext:
    self_signed(folder / "server.pem", days)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


def found(port: int, site: SetUp | None = None, **settings: object) -> dict[str, Finding]:
    current_app.config.update(MAIL_PORT=port, **settings)
    return {finding.name: finding for finding in check_relay(site or made(relay="127.0.0.1"))}


def test_a_relay_on_this_machine_needs_no_encryption(dns: DnsServer) -> None:
    with running() as port:
        findings = found(port)
    assert {finding.verdict for finding in findings.values()} == {Verdict.OK}
    assert "SIZE" in findings["Extensions of the relay"].found


def test_a_relay_elsewhere_without_encryption(dns: DnsServer, elsewhere: None) -> None:
    with running() as port:
        finding = found(port)["Encryption to the relay"]
    assert finding.verdict == Verdict.WRONG and "readable" in finding.found


def test_a_relay_that_offers_encryption_which_is_not_asked_for(
    dns: DnsServer, elsewhere: None, trusted: ssl.SSLContext
) -> None:
    with running(tls_context=trusted) as port:
        finding = found(port)["Encryption to the relay"]
        assert finding.verdict == Verdict.WRONG and finding.change == "Set MAIL_USE_TLS=true."
        finding = found(port, MAIL_USE_TLS=True)["Encryption to the relay"]
        assert finding.verdict == Verdict.OK


def test_a_relay_with_a_certificate_that_nobody_trusts(dns: DnsServer, elsewhere: None, tmp_path: Path) -> None:
    with running(tls_context=certified(tmp_path)) as port:
        finding = found(port, MAIL_USE_TLS=True)["Encryption to the relay"]
    assert finding.verdict == Verdict.WRONG and "self-signed" in finding.found


def test_a_relay_with_a_certificate_for_another_name(dns: DnsServer, elsewhere: None, trusted: ssl.SSLContext) -> None:
    with running(tls_context=trusted) as port:
        finding = found(port, made(relay="localhost"), MAIL_USE_TLS=True)["Encryption to the relay"]
    assert finding.verdict == Verdict.WRONG and "MAIL_SERVER" in finding.change


def test_a_relay_whose_certificate_ends_soon(
    dns: DnsServer, elsewhere: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = certified(tmp_path, days=3)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    with running(tls_context=context) as port:
        assert found(port, MAIL_USE_TLS=True)["Certificate of the relay"].verdict == Verdict.WARNING


def test_encryption_of_the_wrong_kind(dns: DnsServer) -> None:
    with running() as port:
        assert "no STARTTLS" in found(port, MAIL_USE_TLS=True)["Encryption to the relay"].found
        finding = found(port, MAIL_USE_TLS=False, MAIL_USE_SSL=True)["Encryption to the relay"]
    assert finding.verdict == Verdict.WRONG and "465" in finding.change


def test_a_login_that_is_refused(dns: DnsServer) -> None:
    with running(authenticator=Relay(), auth_require_tls=False) as port:
        finding = found(port, MAIL_USERNAME="site", MAIL_PASSWORD="wrong")["Login at the relay"]
        assert finding.verdict == Verdict.WRONG and "535 5.7.8" in finding.found
        assert found(port, MAIL_PASSWORD="right")["Login at the relay"].verdict == Verdict.OK


def test_a_login_that_is_not_offered(dns: DnsServer) -> None:
    with running() as port:
        finding = found(port, MAIL_USERNAME="site", MAIL_PASSWORD="right")["Login at the relay"]
    assert finding.verdict == Verdict.WRONG and "no login" in finding.found


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_a_relay_that_wants_a_login(dns: DnsServer) -> None:
    with running(authenticator=Relay(), auth_require_tls=False, auth_required=True) as port:
        finding = found(port)["Sender at the relay"]
    assert finding.verdict == Verdict.WRONG and "MAIL_USERNAME" in finding.change


def test_a_sender_that_the_relay_does_not_take(dns: DnsServer) -> None:
    with running() as port:
        finding = found(port, made(relay="127.0.0.1", bounce_domain=None))["Sender at the relay"]
    assert finding.verdict == Verdict.WRONG and "553 5.7.1" in finding.found and "not yours" not in finding.found


def test_the_sites_own_catcher_is_no_relay(dns: DnsServer) -> None:
    with running() as port:
        assert found(port, MAILBOX_DIR="mailbox")["Relay"].verdict == Verdict.NOT_TRIED


def test_a_relay_that_is_not_there(dns: DnsServer) -> None:
    (finding,) = found(free_port()).values()
    assert finding.verdict == Verdict.WRONG and "refused" in finding.found


def test_a_relay_that_takes_the_connection_and_says_nothing(dns: DnsServer) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        (finding,) = found(silent.getsockname()[1], SMTP_TIMEOUT_SECONDS=0.2).values()
    assert finding.verdict == Verdict.WRONG and "in time" in finding.found
