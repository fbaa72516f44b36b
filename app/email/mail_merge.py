"""Mail merge: one e-mail for many people, rendered once; each person's copy has values of its own.

A copy is what the letter would be that is written for this person alone, byte for byte, for a small part of the time.
The values are filled in before the parts are encoded: afterwards a line of theirs may be broken anywhere.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import replace

from app.email import mime
from app.email.letter import now, put_into_envelope
from app.email.pipelining import ReadyMessage
from app.email.render import Rendered, make_message_id, message

# What stands in the lay-out for the values of one person. Nobody can write it into a petition.
_MARK = secrets.token_hex(8)
_PLACEHOLDER = re.compile(f"{_MARK}([a-z_]+?){_MARK}")


def placeholder(name: str) -> str:
    """Return the word to render in the place of each person's own value of this name."""
    return f"{_MARK}{name}{_MARK}"


class MailMerge:
    """An e-mail with placeholders, made for many."""

    def __init__(
        self, rendered: Rendered, *, sender: str | None, reply_to: str | None, headers: Mapping[str, str]
    ) -> None:
        """Lay out the headers once; placeholders stand in them, and in the text and HTML that were rendered."""
        letter = message(bytes(16), placeholder("to"), rendered, sender=sender, reply_to=reply_to, headers=headers)
        letter = replace(letter, message_id=placeholder("message_id"))
        self._sender = letter.sender_address
        self._headers = "".join(letter.header_lines(placeholder("date")))
        self._text, self._html = letter.body, letter.html

    def copy(self, public_id: bytes, recipient: str, values: Mapping[str, str]) -> ReadyMessage:
        """Return the copy for a plain address (see app/email/pipelining.py); `public_id` is that of its outbox row.

        `values` has ASCII words by name, with nothing in them that HTML would escape.
        """
        own = {"to": recipient, "message_id": make_message_id(public_id), "date": now(), **values}

        def fill(words: str) -> str:
            return _PLACEHOLDER.sub(lambda found: own[found[1]], words)

        content = mime.lay_out([fill(self._headers)], fill(self._text), fill(self._html))
        return put_into_envelope(public_id, self._sender, recipient, content)
