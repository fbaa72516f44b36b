"""Searching petitions: what is looked for and what is looked in are folded alike, whatever the database's own rules.

Databases fold case each in its own way, and accents not at all, so texts are folded once, when they are saved. A word
is found anywhere inside, so no B-tree index helps: of the few open petitions the newest texts are read, by the index of
their versions.
"""

import unicodedata

from sqlalchemy import ColumnElement, exists, false
from sqlalchemy.orm import aliased

from app.models import Petition, PetitionText

# Letters that Unicode does not decompose, as people type them who do not have them on their keyboard.
PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})


def fold_text(text: str) -> str:
    """Return `text` as it is compared in a search: in small letters, without accents, ß as ss."""
    # Folded again, as decomposing gives capitals where a letter has a compatible one alone, such as ℌ (Unicode, D146).
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text.casefold()).casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).translate(PLAIN)


def search_text(title: str, statement: str) -> str:
    """Return what a petition's text is found by."""
    return fold_text(f"{title}\n{statement}")


def has_words(search: str) -> ColumnElement[bool]:
    """Return the condition on a petition that one of its texts as they are now has each of these words."""
    if "\0" in search:  # which PostgreSQL does not take even to look for, and no text has
        return false()
    text, newer = aliased(PetitionText), aliased(PetitionText)
    is_replaced = exists().where(
        newer.petition_id == text.petition_id, newer.language == text.language, newer.version > text.version
    )
    has_each = (text.search_text.contains(word, autoescape=True) for word in fold_text(search).split())
    return exists().where(text.petition_id == Petition.id, ~is_replaced, *has_each)
