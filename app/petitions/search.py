"""Search: texts and search words are folded in the same way (case, accents), independently of the database.

SQLite and PostgreSQL fold case differently, and accents not at all, so texts are folded when they are saved. Words are
found as substrings, which a B-tree index cannot do: the newest texts of the few open petitions are scanned.
"""

import unicodedata

from sqlalchemy import ColumnElement, exists, false
from sqlalchemy.orm import aliased

from app.models import Petition, PetitionText
from app.normal_form import normalized

# Letters that Unicode does not decompose, and how people without them on their keyboard type them.
PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})


def fold_text(text: str) -> str:
    """Return `text` for comparison: case folded, without accents, ß as ss."""
    # Folded twice, as decomposing ℌ and the like gives capitals (compatibility caseless match, Unicode D146).
    decomposed = normalized("NFKD", normalized("NFKD", text.casefold()).casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character)).translate(PLAIN)


def search_text(title: str, statement: str) -> str:
    """Return the folded text that a search compares."""
    return fold_text(f"{title}\n{statement}")


def has_words(search: str) -> ColumnElement[bool]:
    """Return the SQL condition that one of a petition's newest texts has all of these words."""
    if "\0" in search:  # no text has NUL, and PostgreSQL refuses it
        return false()
    text, newer = aliased(PetitionText), aliased(PetitionText)
    is_replaced = exists().where(
        newer.petition_id == text.petition_id, newer.language == text.language, newer.version > text.version
    )
    has_each = (text.search_text.contains(word, autoescape=True) for word in fold_text(search).split())
    return exists().where(text.petition_id == Petition.id, ~is_replaced, *has_each)
