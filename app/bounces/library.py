"""The library flufl.bounce: it gets no more of a message than it reads in bounded time; what it logs is left out."""

import logging
import re
from email.message import Message
from itertools import islice

from flufl.bounce import all_failures

from app import logs
from app.bounces.parts import MAX_PARTS, MAX_WORDS, decoded

MAX_LINE_CHARACTERS = 160  # some of its patterns take time by the cube of a line's length
_LONG_LINE = re.compile(rf"[^\n]{{{MAX_LINE_CHARACTERS}}}(?=[^\n])")

log = logging.getLogger(__name__)
# At level error it logs what it raises, as of an empty From: strangers would fill an operator's alarm. We log it lower.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)


def failures_in(message: Message) -> tuple[bool, bool]:
    """Return whether flufl.bounce knows this message as late, and as failed. The message is shortened."""
    try:
        if not shorten(message):
            return False, False
        late, failed = all_failures(message)
    except Exception as error:  # noqa: BLE001 - it reads the parts of a message as Python's e-mail package does
        log.warning("flufl.bounce cannot read a message: %s", logs.describe_error(error))
        return False, False
    return bool(late), bool(failed)


def shorten(message: Message) -> bool:
    """Have a message hold its beginning alone, decoded, in short lines of ASCII; return False if it has too many parts.

    Its patterns look for nothing but ASCII, and it would decode by any codec that a message names, some of them slow.
    """
    parts = [*islice(message.walk(), MAX_PARTS + 1)]
    if len(parts) > MAX_PARTS:
        return False
    left = MAX_WORDS
    for part in parts:
        if part.is_multipart():
            continue
        text = _LONG_LINE.sub(r"\g<0>\n", decoded(part))[:left]
        left -= len(text)
        del part["Content-Transfer-Encoding"]
        part.set_payload(text.encode("ascii", "replace").decode("ascii"))
    return True
