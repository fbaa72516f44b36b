"""The list of signatures, newest first, by keyset pagination; and one signature by its mailbox.

The cursor is a moment and a random id, both in an index, so every page costs the same. The index begins with the state:
without a filter by state, the newest of each state are read, and the newest of these are the page.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, asc, desc, literal, select, tuple_, union_all
from sqlalchemy import Row as SqlRow

from app.db import UtcDateTime, db
from app.models import Clue, PetitionText, Signature, State, Suspicion
from app.models.signer import AlteredRow, Signer, note_of, signer_of
from app.watching.selection import Selection
from app.web.cursor import Cursor

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class SignatureListRow:
    """One signature as editors see it. `signer` is None if the data was erased.

    `entry` names it in URLs and forms. Lists must not show the signer's e-mail address. `clues` say why it looks like
    part of a burst, unless an organiser has dismissed them. `is_altered` says that its row was altered in the database,
    so that nothing of the signer is shown.
    """

    entry: str
    signature: Signature
    text_version: int
    signer: Signer | None
    note: str
    clues: list[Clue]
    is_altered: bool

    @property
    def restorable(self) -> bool:
        """Whether it can be restored: it is invalidated, and its data is not erased."""
        return self.signature.state == State.INVALIDATED and self.signer is not None


@dataclass(frozen=True, slots=True)
class SignatureListPage:
    """Up to fifty rows, and the cursors of the newer and the older page, if any."""

    rows: list[SignatureListRow]
    newer: str | None
    older: str | None


def list_page(petition_id: int, selection: Selection, cursor: Cursor | None = None) -> SignatureListPage:
    """Return a page of the selected signatures, newest first, from `cursor` or from the newest on."""
    newer = cursor is not None and cursor.newer
    found = db.session.execute(_statement(petition_id, selection, cursor)).all()
    more = len(found) > PAGE_SIZE
    on_page = found[:PAGE_SIZE]
    rows = _rows(reversed(on_page) if newer else on_page)
    if not rows:
        return SignatureListPage([], None, None)
    has_newer, has_older = (more, True) if newer else (cursor is not None, more)
    return SignatureListPage(
        rows,
        newer=_cursor_at(rows[0], newer=True) if has_newer else None,
        older=_cursor_at(rows[-1], newer=False) if has_older else None,
    )


def find_signature(petition_id: int, public_id: bytes) -> SignatureListRow | None:
    """Return the petition's signature with this random id; None if there is none."""
    return _first(Signature.petition_id == petition_id, Signature.public_id == public_id)


def find_by_mailbox(petition_id: int, email_key: bytes) -> SignatureListRow | None:
    """Return the petition's signature of the mailbox that `email_key` stands for; None if there is none."""
    return _first(Signature.petition_id == petition_id, Signature.email_key == email_key)


def find_signatures(petition_id: int, public_ids: Sequence[bytes]) -> list[SignatureListRow]:
    """Return those of the petition's signatures that have one of these random ids, in their order."""
    of_petition = select(Signature, PetitionText.version).join(PetitionText, PetitionText.id == Signature.text_id)
    found = db.session.execute(
        of_petition.where(Signature.petition_id == petition_id, Signature.public_id.in_(public_ids))
    )
    return sorted(_rows(found), key=lambda row: public_ids.index(row.signature.public_id))


def _statement(petition_id: int, selection: Selection, cursor: Cursor | None) -> Select[Signature, int]:
    newer = cursor is not None and cursor.newer
    position = tuple_(Signature.verified_at, Signature.public_id)
    direction = asc if newer else desc
    order = (direction(Signature.verified_at), direction(Signature.public_id))
    beyond = []
    if cursor is not None:
        start = tuple_(literal(cursor.at, UtcDateTime()), literal(cursor.row_id))
        beyond = [position > start if newer else position < start]
    by_state = [
        select(Signature.id)
        .where(*selection.conditions(petition_id), Signature.state == state, *beyond)
        .order_by(*order)
        .limit(PAGE_SIZE + 1)
        for state in ([selection.state] if selection.state else State)
    ]
    ids = union_all(*(select(newest.subquery().c.id) for newest in by_state)).subquery()
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
    open_suspicions = select(Suspicion.signature_id, Suspicion.clue).where(
        Suspicion.signature_id.in_(clues), Suspicion.dismissed_at.is_(None)
    )
    for signature_id, clue in db.session.execute(open_suspicions):
        clues[signature_id].append(clue)
    return [_row(signature, version, clues[signature.id]) for signature, version in pairs]


def _row(signature: Signature, version: int, clues: list[Clue]) -> SignatureListRow:
    signer, is_altered = None, False
    if signature.sealed is not None:
        try:
            signer = signer_of(signature)
        except AlteredRow:
            is_altered = True
    return SignatureListRow(
        signature.public_id.hex(), signature, version, signer, note_of(signature), sorted(clues), is_altered
    )


def _cursor_at(row: SignatureListRow, *, newer: bool) -> str:
    return Cursor(row.signature.verified_at, row.signature.public_id, newer).encode()
