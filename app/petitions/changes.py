"""The changes of a petition's text since it was opened."""

from dataclasses import dataclass

from sqlalchemy import select

from app.db import db
from app.models import PetitionText
from app.petitions.difference import DiffPiece, diff_words
from app.petitions.page import Edition


@dataclass(frozen=True, slots=True)
class TextChange:
    """A published version of the text, and its differences from the one before; the first has none."""

    text: PetitionText
    is_first: bool
    title: tuple[DiffPiece, ...]
    statement: tuple[DiffPiece, ...]
    body: tuple[DiffPiece, ...]


def text_changes(edition: Edition) -> list[TextChange]:
    """Return the versions in the edition's language, newest first. Versions of a draft are not stored."""
    petition, language = edition.petition, edition.text.language
    in_language = (PetitionText.petition_id == petition.id) & (PetitionText.language == language)
    texts = db.session.scalars(select(PetitionText).where(in_language).order_by(PetitionText.version)).all()
    versions = []
    for before, text in zip([texts[0], *texts], texts, strict=False):
        versions.append(
            TextChange(
                text,
                is_first=before is text,
                title=diff_words(before.title, text.title),
                statement=diff_words(before.statement, text.statement),
                body=diff_words(before.body, text.body),
            )
        )
    return versions[::-1]
