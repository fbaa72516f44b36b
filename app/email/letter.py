"""A letter to one recipient, laid out once it is written, and the one place where its envelope is made."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate, parseaddr

from app.email import mime
from app.email.pipelining import ReadyMessage
from app.email.return_path import return_path


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail. `public_id` is that of its outbox row; `html` may be empty; `headers` stand beside the usual ones."""

    public_id: bytes
    sender: str
    recipient: str
    subject: str
    body: str
    html: str
    message_id: str
    headers: Mapping[str, str]

    @property
    def sender_address(self) -> str:
        """The address in its From."""
        return mime.ascii_address(parseaddr(self.sender)[1])

    def header_lines(self, date: str) -> list[str]:
        """Return its headers as they travel; raises mime.BadHeader if one of them is no single line."""
        return [
            mime.text_header("Subject", self.subject),
            mime.mailbox_header("From", self.sender),
            mime.header("To", self.recipient),
            mime.header("Date", date),
            mime.header("Message-ID", self.message_id),
            *(mime.header(name, value) for name, value in self.headers.items()),
        ]


def make_ready(letter: Letter) -> ReadyMessage:
    """Lay a letter out as it is sent; raises mime.BadHeader if one of its headers is no single line."""
    content = mime.lay_out(letter.header_lines(now()), letter.body, letter.html)
    return put_into_envelope(letter.public_id, letter.sender_address, letter.recipient, content)


def put_into_envelope(public_id: bytes, sender: str, recipient: str, content: bytes) -> ReadyMessage:
    """Return a letter that is laid out, with the addresses that the mail server is told (RFC 5321, 2.3.1).

    Every e-mail goes through here, each once for each try: copies of a mail merge too. `public_id` is that of its
    outbox row, `sender` the address in its From. It comes back to an address of its own, if that can be received.
    """
    return ReadyMessage(return_path(public_id) or sender, recipient, content)


def now() -> str:
    """Return the moment as a Date header has it (RFC 5322, 3.3)."""
    return formatdate(time.time(), localtime=True)
