"""Unicode's normal forms (UAX #15) in time that grows with a text's length, whatever somebody piled up in it.

Putting marks in order takes time that grows with the square of how many stand on one letter: of 32,000 in one form
field, seconds, in which no other thread runs.
"""

import unicodedata
from typing import Literal

MAX_PILE = 30  # UAX #15, "Stream-Safe Text Format": no language needs more


def normalized(form: Literal["NFC", "NFKD"], text: str) -> str:
    """Return text in this form; of marks on one letter only the first MAX_PILE are kept."""
    return unicodedata.normalize(form, text if text.isascii() else _without_piles(text))


def _without_piles(text: str) -> str:
    kept, pile = [], 0
    for character in text:
        pile = pile + 1 if unicodedata.combining(character) else 0
        if pile <= MAX_PILE:
            kept.append(character)
    return "".join(kept)
