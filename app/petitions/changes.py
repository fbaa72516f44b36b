"""The changes of a petition's text since it was opened."""

from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple

from sqlalchemy import select

from app.db import db
from app.models import PetitionText
from app.petitions.difference import DiffKind, DiffPiece, diff_words, shorten
from app.petitions.page import Edition
from app.petitions.set_text import to_words

PAGE_SIZE = 5  # versions: each can be a hundred thousand characters long
MAX_VERSION = 2**31 - 1


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


class TextHistory(NamedTuple):
    """A page of the versions of a text, newest first, and the version that the next page ends before, if any."""

    changes: list[TextChange]
    older_than: int | None


def _differs(pieces: tuple[DiffPiece, ...]) -> bool:
    return any(piece.kind != DiffKind.SAME for piece in pieces)


def text_changes(edition: Edition, before: int | None = None) -> TextHistory:
    """Return versions in the edition's language, newest first; `before` is the version that the page ends before.

    Versions of a draft are not stored. Of what stayed the same between two changes only the ends are returned.
    """
    petition, language = edition.petition, edition.text.language
    wanted = (PetitionText.petition_id == petition.id) & (PetitionText.language == language)
    if before is not None:
        wanted &= PetitionText.version < min(max(before, 0), MAX_VERSION)
    newest = select(PetitionText).where(wanted).order_by(PetitionText.version.desc()).limit(PAGE_SIZE + 1)
    texts = db.session.scalars(newest).all()
    changes = [_change(text, older) for text, older in zip_longest(texts[:PAGE_SIZE], texts[1:])]
    return TextHistory(changes, older_than=texts[PAGE_SIZE - 1].version if len(texts) > PAGE_SIZE else None)


def _change(text: PetitionText, older: PetitionText | None) -> TextChange:
    if older is None:
        return TextChange(
            text,
            is_first=True,
            title=diff_words(text.title, text.title),
            statement=diff_words(text.statement, text.statement),
            body=diff_words(to_words(text.body), to_words(text.body)),
            source=diff_words(text.body, text.body),
        )
    return TextChange(
        text,
        is_first=False,
        title=diff_words(older.title, text.title),
        statement=shorten(diff_words(older.statement, text.statement)),
        body=shorten(diff_words(to_words(older.body), to_words(text.body))),
        source=shorten(diff_words(older.body, text.body)),
    )
