"""The list of signatures, newest first: page by page at the same cost, however deep, and one by its mailbox.

A page begins where the one before it ended: at a moment and a random id, both in an index. Without a state to filter
by, the newest of each state are read from the same index, and the newest of these are the page.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, asc, desc, literal, select, tuple_, union_all
from sqlalchemy import Row as SqlRow

from app.db import UtcDateTime, db
from app.models import Clue, PetitionText, Signature, State, Suspicion
from app.models.signer import Signer, note_of, signer_of
from app.watching.selection import Selection
from app.web.cursor import Cursor

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class SignatureListRow:
    """One signature as those see it who work on the petition. `signer` is None where the data was erased.

    `entry` is its name in addresses and forms; the e-mail address is left out of what lists show. `clues` are what it
    looks like part of a burst by, as far as no organiser has looked at it.
    """

    entry: str
    signature: Signature
    text_version: int
    signer: Signer | None
    note: str
    clues: list[Clue]

    @property
    def restorable(self) -> bool:
        """Return whether it can count again: it is invalidated, and still says who signed."""
        return self.signature.state == State.INVALIDATED and self.signer is not None


@dataclass(frozen=True, slots=True)
class SignatureListPage:
    """Up to fifty rows, and the places from which the newer and the older ones are read, where there are any."""

    rows: list[SignatureListRow]
    newer: str | None
    older: str | None


def list_page(petition_id: int, selection: Selection, cursor: Cursor | None = None) -> SignatureListPage:
    """Return a page of the selected signatures, the newest first, from `cursor` on or from the newest."""
    newer = cursor is not None and cursor.newer
    found = db.session.execute(_statement(petition_id, selection, cursor)).all()
    more = len(found) > PAGE_SIZE
    kept = found[:PAGE_SIZE]
    rows = _rows(reversed(kept) if newer else kept)
    if not rows:
        return SignatureListPage([], None, None)
    has_newer, has_older = (more, True) if newer else (cursor is not None, more)
    return SignatureListPage(
        rows,
        newer=_place(rows[0], newer=True) if has_newer else None,
        older=_place(rows[-1], newer=False) if has_older else None,
    )


def find_signature(petition_id: int, public_id: bytes) -> SignatureListRow | None:
    """Return the petition's signature with this random id; None if there is none."""
    return _first(Signature.petition_id == petition_id, Signature.public_id == public_id)


def find_by_mailbox(petition_id: int, email_key: bytes) -> SignatureListRow | None:
    """Return the petition's signature of the mailbox that `email_key` stands for; None if there is none."""
    return _first(Signature.petition_id == petition_id, Signature.email_key == email_key)


def _statement(petition_id: int, selection: Selection, cursor: Cursor | None) -> Select[Signature, int]:
    newer = cursor is not None and cursor.newer
    place = tuple_(Signature.listed_at, Signature.public_id)
    turned = asc if newer else desc
    order = (turned(Signature.listed_at), turned(Signature.public_id))
    beyond = []
    if cursor is not None:
        there = tuple_(literal(cursor.at, UtcDateTime()), literal(cursor.row_id))
        beyond = [place > there if newer else place < there]
    wanted = [
        select(Signature.id)
        .where(*selection.conditions(petition_id), Signature.state == state, *beyond)
        .order_by(*order)
        .limit(PAGE_SIZE + 1)
        for state in ([selection.state] if selection.state else State)
    ]
    ids = union_all(*(select(one_state.subquery().c.id) for one_state in wanted)).subquery()
    return (
        select(Signature, PetitionText.version)
        .join(ids, ids.c.id == Signature.id)
        .join(PetitionText, PetitionText.id == Signature.text_id)
        .order_by(*order)
        .limit(PAGE_SIZE + 1)
    )


def _first(*conditions: ColumnElement[bool]) -> SignatureListRow | None:
    found = db.session.execute(
        select(Signature, PetitionText.version)
        .join(PetitionText, PetitionText.id == Signature.text_id)
        .where(*conditions)
    ).first()
    return _rows([found])[0] if found else None


def _rows(found: Iterable[SqlRow[Signature, int]]) -> list[SignatureListRow]:
    pairs = [(signature, version) for signature, version in found]
    clues: dict[int, list[Clue]] = {signature.id: [] for signature, _ in pairs}
    noticed = select(Suspicion.signature_id, Suspicion.clue).where(
        Suspicion.signature_id.in_(clues), Suspicion.dismissed_at.is_(None)
    )
    for signature_id, clue in db.session.execute(noticed):
        clues[signature_id].append(clue)
    return [_row(signature, version, clues[signature.id]) for signature, version in pairs]


def _row(signature: Signature, version: int, clues: list[Clue]) -> SignatureListRow:
    signer = signer_of(signature) if signature.sealed is not None else None
    return SignatureListRow(signature.public_id.hex(), signature, version, signer, note_of(signature), sorted(clues))


def _place(row: SignatureListRow, *, newer: bool) -> str:
    return Cursor(row.signature.listed_at, row.signature.public_id, newer).encode()
