"""SMTP through Flask-Mail, with time-outs on every step and a plain word for each way to fail."""

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app
from flask_mail import BadHeaderError, Connection, Mail, Message

ADDRESS = re.compile(r"[^\s<>\"':;,()\[\]]+@[^\s<>\"':;,()\[\]]+")
LONGEST_REPLY = 300
SERVICE_GOES = 421  # RFC 5321, 3.8: the server closes the connection after this answer


class SendingFailed(Exception):
    """A letter was not taken. The text is the server's answer or what went wrong, its addresses blanked."""


class Temporary(SendingFailed):
    """Trying this letter again later may help."""


class Permanent(SendingFailed):
    """The server refused this letter for good."""


class NoConnection(Temporary):
    """The server could not be reached, or the connection is not usable any more."""


class TimedConnection(Connection):
    """Flask-Mail's connection, which by itself waits for ever and does not look at certificates."""

    def configure_host(self) -> smtplib.SMTP | smtplib.SMTP_SSL:
        """Open and return a connection to the configured server; raises what smtplib and the network raise."""
        mail, config = self.mail, current_app.config
        common: dict[str, Any] = {
            "host": mail.server,
            "port": mail.port,
            "timeout": config["SMTP_TIMEOUT_SECONDS"],
            "local_hostname": urlsplit(config["BASE_URL"]).hostname,
        }
        context = ssl.create_default_context()
        host = smtplib.SMTP_SSL(**common, context=context) if mail.use_ssl else smtplib.SMTP(**common)
        try:
            if mail.use_tls:
                host.starttls(context=context)
            if mail.username and mail.password:
                host.login(mail.username, mail.password)
        except BaseException:
            host.close()
            raise
        return host

    def close(self) -> None:
        """Say goodbye if the server still listens, and let go of the connection."""
        if self.host is not None:
            try:
                self.host.quit()
            except (smtplib.SMTPException, OSError):
                self.host.close()


class TimedMail(Mail):
    """Flask-Mail whose connections have time-outs."""

    def connect(self) -> TimedConnection:
        """Return a connection that is opened by `with`."""
        return TimedConnection(current_app.extensions["mail"])


_mail = TimedMail()


def init_app(app: Flask) -> None:
    """Take the mail settings of the app."""
    _mail.init_app(app)


@contextmanager
def connection() -> Iterator[TimedConnection]:
    """Open one SMTP connection for many letters; raise NoConnection when that fails."""
    opened = _mail.connect()
    if not opened.mail.server:
        raise NoConnection("no mail server is set: see MAIL_SERVER")
    try:
        opened.__enter__()
    except (smtplib.SMTPException, OSError) as error:
        raise NoConnection(_words(error)) from None
    try:
        yield opened
    finally:
        opened.close()


def send(opened: TimedConnection, message: Message) -> None:
    """Send one message to its one recipient over an open connection.

    Returns when the server has taken it. Raises Permanent for a 5xx answer, NoConnection when the connection broke or
    fell silent, Temporary for any other answer.
    """
    recipient = str(message.recipients[0])
    try:
        opened.send(message)
    except smtplib.SMTPRecipientsRefused as error:
        code, reply = next(iter(error.recipients.values()))
        raise _answer(code, reply, recipient) from None
    except smtplib.SMTPResponseException as error:
        raise _answer(error.smtp_code, error.smtp_error, recipient) from None
    except (smtplib.SMTPException, OSError) as error:
        raise NoConnection(_words(error)) from None
    except (BadHeaderError, ValueError) as error:
        raise Temporary(f"could not be sent: {type(error).__name__}") from None


def blanked(reply: str, recipient: str = "") -> str:
    """Return `reply` on one line, shortened, with everything in it that looks like an address left out."""
    text = " ".join(reply.split())
    for part in filter(None, (recipient, recipient.partition("@")[0])):
        text = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", "[address]", text, flags=re.IGNORECASE)
    return ADDRESS.sub("[address]", text)[:LONGEST_REPLY]


def _answer(code: int, reply: bytes | str, recipient: str) -> SendingFailed:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    words = blanked(f"{code} {text}", recipient)
    if code == SERVICE_GOES:
        return NoConnection(words)
    return Permanent(words) if 500 <= code < 600 else Temporary(words)


def _words(error: Exception) -> str:
    # smtplib turns a time-out in the middle of a conversation into a disconnection.
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return "the mail server did not answer in time"
    return blanked(f"no connection: {error}")
