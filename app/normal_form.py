"""Unicode's normal forms (UAX #15) in time that grows with a text's length, whatever somebody piled up in it.

Putting marks in order takes time that grows with the square of how many stand on one letter: of 32,000 in one form
field, seconds, in which no other thread runs.
"""

import re
import unicodedata
from typing import Literal

# What programs leave in copied text and nobody sees: controls, spaces of no width, and what is no character, which XML
# forbids. Not the joiners and the marks of direction, which some languages need.
_UNSEEN = re.compile("[\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b\u202a-\u202e\u2060-\u206f\ufeff\ufffe\uffff]")
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, "Char"
MAX_PILE = 30  # UAX #15, "Stream-Safe Text Format": no language needs more


def normalized(form: Literal["NFC", "NFKC", "NFKD"], text: str) -> str:
    """Return text in this form; of marks on one letter only the first MAX_PILE are kept."""
    return unicodedata.normalize(form, text if text.isascii() else _without_piles(text))


def without_unseen(text: str) -> str:
    """Return text without the characters that cannot be seen, and could turn around what stands beside them."""
    return _UNSEEN.sub("", text)


def without_forbidden_in_xml(text: str) -> str:
    """Return text without the characters for which an XML document would be refused as a whole."""
    return _NOT_IN_XML.sub("", text)


def _without_piles(text: str) -> str:
    kept, pile = [], 0
    for character in text:
        pile = pile + 1 if unicodedata.combining(character) else 0
        if pile <= MAX_PILE:
            kept.append(character)
    return "".join(kept)
