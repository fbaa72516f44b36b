"""How the words of a petition have changed since it was opened."""

from dataclasses import dataclass

from sqlalchemy import select

from app.db import db
from app.models import PetitionText
from app.petitions.difference import Piece, difference
from app.petitions.page import Edition


@dataclass(frozen=True, slots=True)
class Change:
    """A version of the text, and how it differs from the one before; the first that was seen differs from none."""

    text: PetitionText
    is_first: bool
    title: tuple[Piece, ...]
    statement: tuple[Piece, ...]
    body: tuple[Piece, ...]


def changes(edition: Edition) -> list[Change]:
    """Return the versions in the edition's language, the newest first. What a draft said before is not kept."""
    petition, language = edition.petition, edition.text.language
    mine = (PetitionText.petition_id == petition.id) & (PetitionText.language == language)
    texts = db.session.scalars(select(PetitionText).where(mine).order_by(PetitionText.version)).all()
    seen = []
    for before, text in zip([texts[0], *texts], texts, strict=False):
        seen.append(
            Change(
                text,
                is_first=before is text,
                title=difference(before.title, text.title),
                statement=difference(before.statement, text.statement),
                body=difference(before.body, text.body),
            )
        )
    return seen[::-1]
