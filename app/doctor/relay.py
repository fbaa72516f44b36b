"""The relay, spoken to step by step as the worker does: reached, encrypted, certified, logged in, sender accepted."""

import smtplib
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from flask import current_app

from app import clock
from app.doctor.fetch import CERTIFICATE_DAYS, certificate_until
from app.doctor.finding import Finding, Verdict, not_tried, ok, warning, wrong
from app.doctor.set_up import SetUp
from app.email.return_path import LOCAL_PART
from app.email.smtp_reply import describe_reply
from app.web.this_machine import is_loopback

LOGIN_NEEDED = 530  # RFC 4954, 6
INFORMING = ("8bitmime", "pipelining", "size", "smtputf8")


@dataclass(frozen=True, slots=True)
class _Settings:
    host: str
    port: int
    use_tls: bool
    use_ssl: bool
    username: str | None
    password: str | None
    timeout: float


def check_relay(site: SetUp) -> Iterable[Finding]:
    """Connect as the worker does, and look at each step; nothing is sent."""
    config = current_app.config
    if not site.relay or config["MAILBOX_DIR"]:
        yield not_tried("Relay", "No MAIL_SERVER is set: `make run` catches all e-mails.")
        return
    settings = _Settings(
        site.relay,
        config["MAIL_PORT"],
        config["MAIL_USE_TLS"],
        config["MAIL_USE_SSL"],
        config["MAIL_USERNAME"],
        config["MAIL_PASSWORD"],
        config["SMTP_TIMEOUT_SECONDS"],
    )
    place = f"{settings.host} port {settings.port}"
    try:
        with _opened(settings, site.host) as server:
            yield ok("Relay", f"{place} answers.")
            yield from _look_at(server, settings, site)
    except ssl.SSLCertVerificationError as error:
        yield _bad_certificate(settings, error)
    except ssl.SSLError as error:
        yield wrong(
            "Encryption to the relay",
            f"{place} does not speak TLS as MAIL_USE_SSL and MAIL_USE_TLS ask for: {error.reason or 'no TLS'}.",
            "MAIL_USE_SSL is for ports that encrypt from the first byte (465), MAIL_USE_TLS for STARTTLS (587, 25).",
        )
    except (smtplib.SMTPException, OSError) as error:
        yield wrong(
            "Relay",
            f"{place} cannot be used: {_in_words(error)}.",
            "Look whether it runs, whether a firewall lets this machine through (many hosters close port 25: try 587"
            " with MAIL_USE_TLS), and whether MAIL_SERVER and MAIL_PORT are right.",
        )


@contextmanager
def _opened(settings: _Settings, helo: str) -> Iterator[smtplib.SMTP]:
    tls = ssl.create_default_context()
    if settings.use_ssl:
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            settings.host, settings.port, helo, timeout=settings.timeout, context=tls
        )
    else:
        server = smtplib.SMTP(settings.host, settings.port, helo, timeout=settings.timeout)
    try:
        server.ehlo_or_helo_if_needed()
        yield server
    finally:
        server.close()


def _look_at(server: smtplib.SMTP, settings: _Settings, site: SetUp) -> Iterable[Finding]:
    offers_tls = server.has_extn("starttls")
    if settings.use_tls and not offers_tls:
        yield wrong(
            "Encryption to the relay",
            "MAIL_USE_TLS is set, but the relay offers no STARTTLS there: no e-mail leaves.",
            "Use the port at which it does (587 mostly), or MAIL_USE_SSL with port 465.",
        )
        return
    if settings.use_tls:
        server.starttls(context=ssl.create_default_context())
        server.ehlo()
    yield _encryption(settings, offers_tls=offers_tls)
    yield from _expiry(server)
    may_go_on = True
    for finding in _log_in(server, settings):
        may_go_on = may_go_on and finding.verdict != Verdict.WRONG
        yield finding
    if may_go_on:
        yield _sender(server, site)
    offered = [name.upper() for name in INFORMING if server.has_extn(name)]
    yield ok("Extensions of the relay", f"It offers {', '.join(offered) or 'none that matter'}.")


def _encryption(settings: _Settings, *, offers_tls: bool) -> Finding:
    name = "Encryption to the relay"
    if settings.use_tls or settings.use_ssl:
        return ok(name, "The connection is encrypted, and the certificate is the relay's.")
    if is_loopback(settings.host):
        return ok(name, "The relay is on this machine; between the two nothing is encrypted, and need not be.")
    change = "Set MAIL_USE_TLS=true." if offers_tls else "Ask for a port with TLS (587 or 465), or for another relay."
    return wrong(name, "Addresses, names and links travel readable to the relay.", change)


def _bad_certificate(settings: _Settings, error: ssl.SSLCertVerificationError) -> Finding:
    return wrong(
        "Encryption to the relay",
        f"The certificate of {settings.host} is not accepted: {error.verify_message}. No e-mail leaves.",
        "Set MAIL_SERVER to the name that stands in the certificate, or have the relay show a valid one. A certificate"
        " of your own making is accepted once it is among those that this machine trusts.",
    )


def _expiry(server: smtplib.SMTP) -> Iterable[Finding]:
    until = certificate_until(server.sock)
    if until and until - clock.now() < timedelta(days=CERTIFICATE_DAYS):
        yield warning("Certificate of the relay", f"It ends on {until:%Y-%m-%d}.", "Have its operator renew it.")


def _log_in(server: smtplib.SMTP, settings: _Settings) -> Iterable[Finding]:
    name = "Login at the relay"
    if not (settings.username and settings.password):
        yield ok(name, "None is set: MAIL_USERNAME and MAIL_PASSWORD are empty.")
        return
    try:
        server.login(settings.username, settings.password)
    except smtplib.SMTPNotSupportedError:
        yield wrong(
            name,
            "The relay offers no login on this connection.",
            "Set MAIL_USE_TLS=true, before which most offer none, or leave MAIL_USERNAME and MAIL_PASSWORD out.",
        )
    except smtplib.SMTPResponseException as error:
        yield wrong(
            name,
            f"The relay refuses the login: {describe_reply(error.smtp_code, error.smtp_error)}. No e-mail leaves.",
            "Set MAIL_USERNAME and MAIL_PASSWORD to what the relay gave you; some want a password made for programs.",
        )
    else:
        yield ok(name, "It is accepted.")


def _sender(server: smtplib.SMTP, site: SetUp) -> Finding:
    name = "Sender at the relay"
    code, reply = server.mail(f"{LOCAL_PART}@{site.bounce_domain}" if site.bounce_domain else site.sender)
    server.rset()
    if code == 250:
        return ok(name, f"Envelopes from {site.envelope_domain} are taken.")
    if code == LOGIN_NEEDED:
        return wrong(
            name,
            "The relay wants a login before it takes anything.",
            "Set MAIL_USERNAME and MAIL_PASSWORD to what it gave you.",
        )
    return wrong(
        name,
        f"The relay takes no envelope from {site.envelope_domain}: {describe_reply(code, reply)}.",
        "Register MAIL_DEFAULT_SENDER's and BOUNCE_DOMAIN's domain with the relay, or set one that it knows.",
    )


def _in_words(error: Exception) -> str:
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return "it does not answer in time"
    if isinstance(error, smtplib.SMTPResponseException):
        return describe_reply(error.smtp_code, error.smtp_error)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
