"""The changes of a petition's text since it was opened."""

from dataclasses import dataclass

from sqlalchemy import select

from app.db import db
from app.models import PetitionText
from app.petitions.difference import DiffKind, DiffPiece, diff_words
from app.petitions.page import Edition
from app.petitions.set_text import to_words


@dataclass(frozen=True, slots=True)
class TextChange:
    """A published version of the text, and its differences from the one before; the first has none.

    `body` compares the reasons as people read them, `source` their Markdown.
    """

    text: PetitionText
    is_first: bool
    title: tuple[DiffPiece, ...]
    statement: tuple[DiffPiece, ...]
    body: tuple[DiffPiece, ...]
    source: tuple[DiffPiece, ...]

    def shows_in_source_alone(self) -> bool:
        """Tell whether the reasons differ in Markdown's signs alone, such as those of bold words."""
        return _differs(self.source) and not _differs(self.body)


def _differs(pieces: tuple[DiffPiece, ...]) -> bool:
    return any(piece.kind != DiffKind.SAME for piece in pieces)


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
                body=diff_words(to_words(before.body), to_words(text.body)),
                source=diff_words(before.body, text.body),
            )
        )
    return versions[::-1]
