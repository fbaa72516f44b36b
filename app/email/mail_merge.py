"""Mail merge: one e-mail for many people, rendered and laid out once; each person's copy has values of its own.

A copy is what Flask-Mail would send, byte for byte, for a small part of the time.
"""

import secrets
import time
from collections.abc import Iterable, Mapping
from email.utils import formatdate

from flask_mail import sanitize_address

from app.email.pipelining import ReadyMessage
from app.email.render import Rendered, make_message_id, message

# What stands in the lay-out for the values of one person. Nobody can write it into a petition.
_MARK = secrets.token_hex(8)


def placeholder(name: str) -> str:
    """Return the word to render in the place of each person's own value of this name."""
    return f"{_MARK}{name}{_MARK}"


class MailMerge:
    """An e-mail with placeholders, made for many."""

    def __init__(
        self, rendered: Rendered, names: Iterable[str], *, sender: str | None, headers: Mapping[str, str]
    ) -> None:
        """Lay out what was rendered, in which the placeholders of `names` stand, once."""
        laid_out = message(bytes(16), placeholder("to"), rendered, sender=sender, headers=headers)
        laid_out.msgId, laid_out.date = placeholder("message_id"), 0
        self._sender = sanitize_address(laid_out.sender)
        as_sent = laid_out.as_bytes().decode()
        self._as_sent = as_sent.replace(f"\nDate: {formatdate(0, localtime=True)}", f"\nDate: {placeholder('date')}", 1)
        self._names = tuple(names)

    def copy(self, public_id: bytes, recipient: str, values: Mapping[str, str]) -> ReadyMessage:
        """Return the copy for a plain address (see app/email/pipelining.py); `public_id` is that of its outbox row.

        `values` has ASCII words by name, with nothing in them that HTML would escape.
        """
        own = {
            "to": recipient,
            "message_id": make_message_id(public_id),
            "date": formatdate(time.time(), localtime=True),
        }
        copy = self._as_sent
        for name in own:
            copy = copy.replace(placeholder(name), own[name])
        for name in self._names:
            copy = copy.replace(placeholder(name), values[name])
        return ReadyMessage(self._sender, recipient, copy.encode())
