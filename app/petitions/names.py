"""Public names: the verified signers whom everyone may see, the newest first, page by page at the same cost.

Keyset pagination, by a moment and a row's id, both in an index that holds these signers and nobody else. Visitors are
told the day alone, so the cursor in an address is encrypted; it is the same for everyone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, asc, desc, literal, select, tuple_

from app.db import UtcDateTime, db
from app.models import Petition, Signature, State, Visibility
from app.models.signer import signer_of
from app.web.cursor import Cursor

LATEST_NAMES = 12
PAGE_SIZE = 50
PURPOSE = "place-among-names"
SERIAL_BYTES = 8


@dataclass(frozen=True, slots=True)
class PublicName:
    """A verified signer who wants to be seen, and the day of the signature."""

    name: str
    affiliation: str
    country: str
    comment: str
    on: date


@dataclass(frozen=True, slots=True)
class NamesPage:
    """Up to fifty names, and the cursors of the pages with newer and older ones, where there are any."""

    names: list[PublicName]
    newer: str | None
    older: str | None


def latest_names(petition: Petition) -> list[PublicName]:
    """Return the newest dozen of verified signers whose names everyone may see, the newest first.

    Names that organisers hid are left out, and so are the words of comments that they hid.
    """
    return _public(db.session.scalars(_newest_first(petition).limit(LATEST_NAMES)))


def names_page(petition: Petition, before: str | None = None, after: str | None = None) -> NamesPage:
    """Return a page of these names, the newest first: those before a cursor, those after one, or the newest of all.

    Raises BadCursor for one that no page of this petition has named.
    """
    if after and not before:
        found = _read(_oldest_first(petition, _place(petition, after)))
        kept = found[:PAGE_SIZE][::-1]
        has_newer, has_older = len(found) > PAGE_SIZE, True
    else:
        found = _read(_newest_first(petition, _place(petition, before) if before else None))
        kept = found[:PAGE_SIZE]
        has_newer, has_older = bool(before), len(found) > PAGE_SIZE
    if not kept:
        return NamesPage([], None, None)
    return NamesPage(
        _public(kept),
        newer=_cursor(petition, kept[0]) if has_newer else None,
        older=_cursor(petition, kept[-1]) if has_older else None,
    )


def _listed(petition: Petition) -> Select[Signature]:
    return select(Signature).where(
        Signature.petition_id == petition.id,
        Signature.state == State.VERIFIED.value,
        Signature.visibility == Visibility.PUBLIC.value,
        ~Signature.hidden_name,
    )


_PLACE = tuple_(Signature.verified_at, Signature.id)


def _newest_first(petition: Petition, before: tuple[datetime, int] | None = None) -> Select[Signature]:
    listed = _listed(petition).order_by(desc(Signature.verified_at), desc(Signature.id))
    return listed.where(tuple_(literal(before[0], UtcDateTime()), literal(before[1])) > _PLACE) if before else listed


def _oldest_first(petition: Petition, after: tuple[datetime, int]) -> Select[Signature]:
    listed = _listed(petition).order_by(asc(Signature.verified_at), asc(Signature.id))
    return listed.where(tuple_(literal(after[0], UtcDateTime()), literal(after[1])) < _PLACE)


def _read(statement: Select[Signature]) -> list[Signature]:
    return list(db.session.scalars(statement.limit(PAGE_SIZE + 1)))


def _cursor(petition: Petition, signature: Signature) -> str:
    assert signature.verified_at is not None
    place = Cursor(signature.verified_at, signature.id.to_bytes(SERIAL_BYTES, "big"))
    return place.encrypt(PURPOSE, petition.public_id)


def _place(petition: Petition, cursor: str) -> tuple[datetime, int]:
    place = Cursor.decrypt(PURPOSE, petition.public_id, cursor)
    return place.at, int.from_bytes(place.row_id, "big")


def _public(signatures: Iterable[Signature]) -> list[PublicName]:
    names = []
    for signature in signatures:
        signer = signer_of(signature)
        assert signature.verified_at is not None
        comment = "" if signature.hidden_comment else signer.comment
        on = signature.verified_at.date()
        names.append(PublicName(signer.name, signer.affiliation, signature.country, comment, on))
    return names
