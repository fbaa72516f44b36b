"""SMTP through Flask-Mail, with time-outs on every step and a plain word for each way to fail."""

import re
import smtplib
import ssl
from email import policy
from email.utils import quote
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app
from flask_mail import Connection, Mail, Message

ADDRESS = re.compile(r"[^\s<>\"':;,()\[\]]+@[^\s<>\"':;,()\[\]]+")
MAX_REPLY_LENGTH = 300
MAX_LINE_LENGTH = 998  # RFC 5322, 2.1.1
SERVICE_GOES = 421  # RFC 5321, 3.8: the server closes the connection after this answer


class Letter(Message):
    """Flask-Mail's message, without line breaks in its headers: long links there would be encoded, and not be found."""

    def as_bytes(self) -> bytes:
        """Return the message as it is sent."""
        message = self._message()
        message.policy = policy.SMTP.clone(max_line_length=MAX_LINE_LENGTH)
        return bytes(message)


class SendingFailed(Exception):
    """A letter was not taken. The text is the server's answer or what went wrong, its addresses blanked."""


class Temporary(SendingFailed):
    """Trying this letter again later may help."""


class Permanent(SendingFailed):
    """The server refused this letter for good."""


class NoConnection(Temporary):
    """The server could not be reached, so that no letter can go now."""


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
        host = smtplib.SMTP_SSL(**common, context=_tls()) if mail.use_ssl else smtplib.SMTP(**common)
        try:
            if mail.use_tls:
                host.starttls(context=_tls())
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


@cache
def _tls() -> ssl.SSLContext:
    """Return what checks the mail server's certificate; made once, as it reads all of the system's certificates."""
    return ssl.create_default_context()


class TimedMail(Mail):
    """Flask-Mail whose connections have time-outs."""

    def connect(self) -> TimedConnection:
        """Return a connection that is opened by `with`."""
        return TimedConnection(current_app.extensions["mail"])


_mail = TimedMail()


def init_app(app: Flask) -> None:
    """Take the mail settings of the app."""
    _mail.init_app(app)


def sender(*, is_discreet: bool) -> str | None:
    """Return whom a letter comes from, with the name of the site; None leaves it to MAIL_DEFAULT_SENDER.

    A site's name can tell what its petitions are about, so where that `is_discreet` it is left out, and so it is where
    MAIL_DEFAULT_SENDER has a name already.
    """
    name, address = current_app.config["SITE_NAME"], current_app.config["MAIL_DEFAULT_SENDER"]
    if is_discreet or "<" in address:
        return None
    return f'"{quote(name)}" <{address}>'


class SmtpConnection:
    """One SMTP connection for many letters, opened when the first one is sent and anew after it broke."""

    def __init__(self) -> None:
        self._connection: TimedConnection | None = None

    def send(self, message: Message) -> None:
        """Send one message to its one recipient; return when the server has taken it.

        Raises NoConnection when the server cannot be reached, Permanent for a 5xx answer to this letter, Temporary for
        any other answer and for none.
        """
        recipient = str(message.recipients[0])
        opened = self._connection or self._open()
        try:
            opened.send(message)
        except smtplib.SMTPRecipientsRefused as error:
            code, reply = next(iter(error.recipients.values()))
            raise self._answer(code, reply, recipient) from None
        except smtplib.SMTPResponseException as error:
            raise self._answer(error.smtp_code, error.smtp_error, recipient) from None
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise Temporary(_words(error)) from None

    def close(self) -> None:
        """Let go of the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> TimedConnection:
        opened = _mail.connect()
        if not opened.mail.server:
            raise NoConnection("no mail server is set: see MAIL_SERVER")
        try:
            opened.__enter__()
        except (smtplib.SMTPException, OSError) as error:
            raise NoConnection(_words(error)) from None
        self._connection = opened
        return opened

    def _answer(self, code: int, reply: bytes | str, recipient: str) -> SendingFailed:
        if code == SERVICE_GOES:
            self.close()
        text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
        words = blanked(f"{code} {text}", recipient)
        return Permanent(words) if 500 <= code < 600 else Temporary(words)


def blanked(reply: str, recipient: str = "") -> str:
    """Return `reply` on one line, shortened, without what looks like an address and without any part of `recipient`.

    A domain of one's own names a person as well as the part before it does.
    """
    text = _without(recipient, " ".join(reply.split()))
    text = ADDRESS.sub("[address]", text)
    local, _, domain = recipient.rpartition("@")
    return _without(domain, _without(local, text))[:MAX_REPLY_LENGTH]


def _without(part: str, text: str) -> str:
    return re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", "[address]", text, flags=re.IGNORECASE) if part else text


def _words(error: Exception) -> str:
    # smtplib turns a time-out in the middle of a conversation into a disconnection.
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return "the mail server did not answer in time"
    return blanked(f"no connection: {error}")
