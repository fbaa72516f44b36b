"""Words that are read in the other direction than what is around them, kept together where no markup can (UAX 9).

Without it a mark at their end goes to the wrong side: "!Save the library" in an Arabic e-mail.
"""

import unicodedata

from app.web import language

BEGIN = {"ltr": "\u2066", "rtl": "\u2067"}
END = "\u2069"
DIRECTIONS = {"L": "ltr", "R": "rtl", "AL": "rtl"}


def isolate(words: str, spoken: str | None = None) -> str:
    """Return plain words, isolated line by line where their direction is not that of the language in use.

    `spoken` is the language they are in; where it is not known, their first letter tells the direction.
    """
    own = language.text_direction(spoken) if spoken else _direction_of_first_letter(words)
    if own in {None, language.current_locale().text_direction}:
        return words
    return "\n".join(f"{BEGIN[own]}{line}{END}" if line.strip() else line for line in words.split("\n"))


def _direction_of_first_letter(words: str) -> str | None:
    kinds = (unicodedata.bidirectional(character) for character in words)
    return next((DIRECTIONS[kind] for kind in kinds if kind in DIRECTIONS), None)
