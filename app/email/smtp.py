"""SMTP through Flask-Mail, with time-outs on every step and an exception for each kind of failure."""

import re
import smtplib
import ssl
from collections.abc import Callable
from email.utils import quote
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app
from flask_mail import Connection, Mail

from app.email.dkim import sign
from app.email.pipelining import HeldBack, ReadyMessage, hand_over
from app.email.smtp_reply import describe_reply, own_words

TOO_LARGE = 552  # RFC 1870, 6.1: already to MAIL, by its SIZE
# A server may refuse the sender only once it knows the recipient (Postfix does); 1.7 and 1.8 are RFC 3463's and 7505's.
_SENDER_REFUSED = re.compile(r"^[45]\.1\.[78]\b|sender address rejected", re.IGNORECASE)
SERVICE_CLOSING = 421  # RFC 5321, 3.8: the server closes the connection after this answer


class SendingFailed(Exception):
    """A letter was not accepted. The text is the server's status code with a word of ours, never its own words.

    Those are in `reply` for a look at once, beside the `code`, without what it repeats of others (see `own_words`).
    `is_about_sender` tells that the server refused whoever sends, and not this letter.
    """

    def __init__(self, words: str, code: int = 0, reply: str = "", *, is_about_sender: bool = False) -> None:
        super().__init__(words)
        self.code, self.reply, self.is_about_sender = code, reply, is_about_sender


class Temporary(SendingFailed):
    """The letter may be accepted later."""


class Permanent(SendingFailed):
    """The server refused the letter permanently."""


class NoAnswer(Temporary):
    """The connection broke, or the server fell silent, with a letter in its hands."""


class NoConnection(Temporary):
    """The server cannot be reached, so that no letter can be sent now."""


class TimedConnection(Connection):
    """Flask-Mail's connection with time-outs and verified certificates, which it does not have by itself."""

    def configure_host(self) -> smtplib.SMTP | smtplib.SMTP_SSL:
        """Open a connection to the configured server; raises smtplib.SMTPException or OSError."""
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
        """Send QUIT if the server still answers, and close the connection."""
        if self.host is not None:
            try:
                self.host.quit()
            except (smtplib.SMTPException, OSError):
                self.host.close()


@cache
def _tls() -> ssl.SSLContext:
    """Return the context that verifies the mail server's certificate; cached, as it reads all system certificates."""
    return ssl.create_default_context()


class TimedMail(Mail):
    """Flask-Mail whose connections have time-outs."""

    def connect(self) -> TimedConnection:
        """Return a connection, which `with` opens."""
        return TimedConnection(current_app.extensions["mail"])


_mail = TimedMail()


def init_app(app: Flask) -> None:
    """Configure Flask-Mail with the app's settings."""
    _mail.init_app(app)


def sender(*, is_discreet: bool) -> str | None:
    """Return the sender of a letter, with the site's name; None to use MAIL_DEFAULT_SENDER as it is.

    That is when it has a name already, or for a discreet petition: the site's name can tell what it is about.
    """
    name, address = current_app.config["SITE_NAME"], current_app.config["MAIL_DEFAULT_SENDER"]
    if is_discreet or "<" in address:
        return None
    return f'"{quote(name)}" <{address}>'


class SmtpConnection:
    """One SMTP connection for many letters. It is opened for the first letter, and again if it breaks."""

    def __init__(self) -> None:
        self._connection: TimedConnection | None = None
        self.is_new = True  # no letter was handed over yet on the connection as it is

    def send_ready(self, message: ReadyMessage) -> None:
        """Send a message to its one recipient; return when the server has accepted it.

        Raises NoConnection if the server cannot be reached, Permanent for a 5xx reply to this letter, Temporary for any
        other reply and for none.
        """

        def hand(opened: TimedConnection) -> None:
            assert opened.host is not None
            hand_over(opened.host, message._replace(content=sign(message.content)))

        self._attempt(message.recipient, hand)

    def send_if(self, message: ReadyMessage, may_finish: Callable[[], bool]) -> bool:
        """Send a message up to the end of its content, and let the server have it if `may_finish` says so then.

        Returns whether it was accepted; raises what `send_ready` does, and NoAnswer if nobody knows what became of it.
        """

        def send(opened: TimedConnection) -> None:
            assert opened.host is not None
            hand_over(opened.host, message._replace(content=sign(message.content)), may_finish)

        try:
            self._attempt(message.recipient, send)
        except HeldBack:
            self.close()
            return False
        except SendingFailed:
            raise
        except BaseException:
            self.close()
            raise
        return True

    @property
    def is_open(self) -> bool:
        """Whether a letter can be handed over at once."""
        return self._connection is not None

    def open(self) -> None:
        """Open it unless it is open; raise NoConnection if the server cannot be reached."""
        if self._connection is None:
            self._open()

    def _attempt(self, recipient: str, send: Callable[[TimedConnection], None]) -> None:
        opened = self._connection or self._open()
        self.is_new = False
        try:
            send(opened)
        except smtplib.SMTPRecipientsRefused as error:
            code, reply = next(iter(error.recipients.values()))
            text = own_words(reply, recipient)
            raise self._failure(code, reply, text, is_about_sender=_SENDER_REFUSED.search(text) is not None) from None
        except smtplib.SMTPResponseException as error:
            code, text = error.smtp_code, own_words(error.smtp_error, recipient)
            is_about_sender = isinstance(error, smtplib.SMTPSenderRefused) and code != TOO_LARGE
            raise self._failure(code, error.smtp_error, text, is_about_sender=is_about_sender) from None
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise NoAnswer(_describe(error)) from None

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> TimedConnection:
        opened = _mail.connect()
        if not opened.mail.server:
            raise NoConnection("no mail server is set: see MAIL_SERVER")
        try:
            opened.__enter__()
            if opened.host is not None:
                opened.host.ehlo_or_helo_if_needed()  # else it would be said with the first letter
        except (smtplib.SMTPException, OSError) as error:
            raise NoConnection(_describe(error)) from None
        self._connection, self.is_new = opened, True
        return opened

    def _failure(self, code: int, reply: bytes | str, text: str, *, is_about_sender: bool = False) -> SendingFailed:
        if code == SERVICE_CLOSING:
            self.close()
        # What is said of the sender says nothing of the recipient, however final it is.
        kind = Permanent if 500 <= code < 600 and not is_about_sender else Temporary
        return kind(describe_reply(code, reply), code, text, is_about_sender=is_about_sender)


def _describe(error: Exception) -> str:
    """Return what is wrong with a connection, without what the server said: it may repeat a name or an address."""
    # smtplib reports a time-out within a session as a disconnection.
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return "the mail server did not answer in time"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"no connection: {describe_reply(error.smtp_code, error.smtp_error)}"
    if isinstance(error, OSError) and error.strerror:
        return f"no connection: {error.strerror}"
    return f"no connection: {type(error).__name__}"
