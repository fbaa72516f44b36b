"""Search for tokens before anything is parsed: what strangers send without one of ours costs next to nothing."""

import re
from binascii import Error, a2b_base64, a2b_qp
from collections.abc import Iterable, Iterator
from contextlib import suppress
from html import unescape

from app.bounces.parts import clip
from app.email.return_path import tokens_in

_LINES_IN_BASE64 = re.compile(rb"(?m)(?:^[A-Za-z0-9+/]+={0,2}[ \t]*\n+)+")


def possible_tokens(raw: bytes, recipients: Iterable[str]) -> dict[str, None]:
    """Return what may be a token in a message or its envelope, wherever it stands and however the text is encoded.

    Among these are all that `recognise` may find; which of them counts, only that tells.
    """
    texts = [*recipients, *_texts(clip(raw) + b"\n")]
    return dict.fromkeys(token for text in texts for token in tokens_in(text))


def _texts(clipped: bytes) -> Iterator[str]:
    """Yield a message as it is and as its parts may be once decoded, whatever headers say of that."""
    for content in (clipped, a2b_qp(clipped), b"\n".join(_from_base64(clipped))):
        text = content.decode("ascii", "replace")
        yield text
        with suppress(ValueError):  # a number that is too long
            yield unescape(text)


def _from_base64(clipped: bytes) -> Iterator[bytes]:
    for lines in _LINES_IN_BASE64.finditer(clipped):
        with suppress(Error):
            yield a2b_base64(lines[0] + b"==")
