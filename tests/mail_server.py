"""A real SMTP server for tests: it keeps what it takes, and refuses, stalls or falls silent when told to."""

import asyncio
import email
import email.policy
import re
import socket
from collections.abc import Callable
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class MailServer:
    """Listens on loopback, and pipelines.

    `answer` may return an SMTP reply to a recipient, and `answer_sender` is one to each sender; `silent_for` stalls
    before each answer.
    """

    def __init__(self, port: int | None = None) -> None:
        self.port = port or free_port()
        self._start()

    def _start(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._forget()
        self._controller.start()
        self._forget()  # the controller's own first knock does not count

    def _forget(self) -> None:
        self.letters: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.senders: list[str] = []  # of the envelopes
        self.connections = 0
        self.answer: Callable[[str], str | None] = lambda recipient: None
        self.answer_sender: str | None = None
        self.silent_for = 0.0
        self.is_pipelining = True
        self.takes_8_bits = True

    def reset(self) -> None:
        """Be as it was at the start, for the next test; listen again if that one stopped it."""
        self._forget()
        if not self._controller.loop.is_running():
            self._start()

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        offered = [one for one in responses[1:] if self.takes_8_bits or one != "250-8BITMIME"]
        return [responses[0], *(["250-PIPELINING"] if self.is_pipelining else []), *offered]

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.answer_sender:
            return self.answer_sender
        envelope.mail_from = address
        return "250 ok"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await asyncio.sleep(self.silent_for)
        refusal = self.answer(address)
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.senders.append(envelope.mail_from or "")
        self.raw.append(bytes(envelope.content or b""))
        message = email.message_from_bytes(self.raw[-1], policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.letters.append(message)
        return "250 taken"

    def to(self, address: str) -> list[EmailMessage]:
        """Return the letters to `address`, the oldest first."""
        return [letter for letter in self.letters if letter["To"].lower() == address.lower()]

    def stop(self) -> None:
        """Stop listening."""
        if self._controller.loop.is_running():
            self._controller.stop()


def free_port() -> int:
    """Return a port of loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def text_of(letter: EmailMessage, kind: str = "plain") -> str:
    """Return the words of a letter's `plain` or `html` part."""
    part = letter.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def link_in(letter: EmailMessage, place: str = "confirm") -> str:
    """Return the path of the confirmation link in a letter, or of the link to another `place`."""
    found = re.search(rf"https?://[^/\s]+(/{place}/\S+)", text_of(letter))
    assert found, text_of(letter)
    return found[1]


def code_in(letter: EmailMessage) -> str:
    """Return the code in a letter, as the letter spells it."""
    found = re.search(r"^ +([0-9A-Z]{3}-[0-9A-Z]{3}-[0-9A-Z]{3})\s*$", text_of(letter), re.MULTILINE)
    assert found, text_of(letter)
    return found[1]
