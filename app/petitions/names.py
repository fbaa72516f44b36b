"""Public names: verified signers with visibility "public", newest first, by keyset pagination.

The cursor is a moment and a row's id, both in a partial index of these signers, so every page costs the same. Visitors
may only learn the day, so the cursor is encrypted, deterministically, so that pages can be cached.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, Tuple, asc, bindparam, desc, literal, select, tuple_

from app.db import UtcDateTime, db
from app.models import Petition, Signature, State, Visibility
from app.models.signer import AlteredRow, signer_of
from app.web.cursor import Cursor

LATEST_NAMES = 12
LONG_COMMENT = 180  # characters, of which a phone shows four lines
LINES_OF_COMMENT = 3
log = logging.getLogger(__name__)
PAGE_SIZE = 50
PURPOSE = "place-among-names"
SERIAL_BYTES = 8


@dataclass(frozen=True, slots=True)
class PublicName:
    """A verified public signer, and the day of the signature."""

    name: str
    affiliation: str
    country: str
    comment: str
    on: date

    def has_long_comment(self) -> bool:
        """Tell whether the comment takes more lines than a list of names has room for."""
        lines = [line for line in self.comment.split("\n") if line.strip()]
        return len(self.comment) > LONG_COMMENT or len(lines) > LINES_OF_COMMENT


@dataclass(frozen=True, slots=True)
class NamesPage:
    """Up to fifty names, and the cursors of the newer and the older page, if any."""

    names: list[PublicName]
    newer: str | None
    older: str | None


def latest_names(petition: Petition) -> list[PublicName]:
    """Return the twelve newest public names, newest first.

    Hidden names and hidden comments are left out.
    """
    return _public_names(db.session.scalars(_LATEST, {"petition": petition.id}))


def names_page(petition: Petition, before: str | None = None, after: str | None = None) -> NamesPage:
    """Return a page of public names, newest first: before a cursor, after one, or the newest of all.

    Raises BadCursor for a cursor that was not made for this petition.
    """
    if after and not before:
        found = _read(_after(_position(petition, after)), petition)
        on_page = found[:PAGE_SIZE][::-1]
        has_newer, has_older = len(found) > PAGE_SIZE, True
    else:
        found = _read(_before(_position(petition, before)) if before else _NEWEST_FIRST, petition)
        on_page = found[:PAGE_SIZE]
        has_newer, has_older = bool(before), len(found) > PAGE_SIZE
    if not on_page:
        return NamesPage([], None, None)
    return NamesPage(
        _public_names(on_page),
        newer=_cursor(petition, on_page[0]) if has_newer else None,
        older=_cursor(petition, on_page[-1]) if has_older else None,
    )


# Made once: making them takes longer than the database does. `:petition` is bound in.
_PUBLIC = select(Signature).where(
    Signature.petition_id == bindparam("petition"),
    Signature.state == State.VERIFIED.value,
    Signature.visibility == Visibility.PUBLIC.value,
    ~Signature.hidden_name,
)
_NEWEST_FIRST = _PUBLIC.order_by(desc(Signature.verified_at), desc(Signature.id))
_OLDEST_FIRST = _PUBLIC.order_by(asc(Signature.verified_at), asc(Signature.id))
_LATEST = _NEWEST_FIRST.limit(LATEST_NAMES)
_POSITION = tuple_(Signature.verified_at, Signature.id)


def _before(position: tuple[datetime, int]) -> Select[Signature]:
    return _NEWEST_FIRST.where(_bound(position) > _POSITION)


def _after(position: tuple[datetime, int]) -> Select[Signature]:
    return _OLDEST_FIRST.where(_bound(position) < _POSITION)


def _bound(position: tuple[datetime, int]) -> Tuple:
    at, row_id = position
    return tuple_(literal(at, UtcDateTime()), literal(row_id))


def _read(statement: Select[Signature], petition: Petition) -> list[Signature]:
    return list(db.session.scalars(statement.limit(PAGE_SIZE + 1), {"petition": petition.id}))


def _cursor(petition: Petition, signature: Signature) -> str:
    cursor = Cursor(signature.verified_at, signature.id.to_bytes(SERIAL_BYTES, "big"))
    return cursor.encrypt(PURPOSE, petition.public_id)


def _position(petition: Petition, cursor: str) -> tuple[datetime, int]:
    position = Cursor.decrypt(PURPOSE, petition.public_id, cursor)
    return position.at, int.from_bytes(position.row_id, "big")


def _public_names(signatures: Iterable[Signature]) -> list[PublicName]:
    names = []
    for signature in signatures:
        try:
            signer = signer_of(signature)
        except AlteredRow as error:  # it may not be for everybody to see
            log.error("a public name is left out: %s", error)  # noqa: TRY400 - the text says all
            continue
        comment = "" if signature.hidden_comment else signer.comment
        on = signature.verified_at.date()
        names.append(PublicName(signer.name, signer.affiliation, signature.country, comment, on))
    return names
