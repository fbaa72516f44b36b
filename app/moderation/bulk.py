"""Bulk acts: invalidate, restore or dismiss many signatures at once: exactly those that the page displayed, or none.

All three use optimistic locking. `preview` counts the signatures that an act applies to and returns their fingerprint.
The act locks them, compares the fingerprint, changes them and writes the audit log, all in one transaction. If other
signatures match by then, the fingerprint differs: nothing changes and the act returns 0.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Row, Select, func, select, update
from sqlalchemy.orm import Session

from app import clock, kept_sums
from app.audit.log import record
from app.db import db, snapshot
from app.export.recall import recall_deliveries
from app.ledger import ledger
from app.models import Act, Kind, Reason, Signature, SignatureSum, State, Suspicion
from app.models.locking import signatures_in_lock_order
from app.models.signer import sealed_note
from app.organisers.access import Who
from app.organisers.acting import acting
from app.watching.selection import ANY, Selection

# An act is one transaction, so it must end within a second or two.
MAX_BATCH_SIZE = 5_000


@dataclass(frozen=True, slots=True)
class Preview:
    """What an act would change: `number` of the `matching` signatures, the newest ones if there are too many.

    `erased` more would match, but their data is gone. `fingerprint` is a hash of the signatures' ids.
    """

    number: int
    matching: int
    erased: int
    fingerprint: str


def invalidatable(selection: Selection) -> Selection:
    """Return the selection narrowed to what `invalidate` applies to: verified signatures."""
    return replace(selection, state=State.VERIFIED)


def restorable(selection: Selection) -> Selection:
    """Return the selection narrowed to what `restore` applies to: invalidated signatures."""
    return replace(selection, state=State.INVALIDATED)


def suspected(selection: Selection) -> Selection:
    """Return the selection narrowed to what `dismiss` applies to: verified signatures that are suspected."""
    return replace(selection, state=State.VERIFIED, clue=selection.clue or ANY)


def preview(petition_id: int, selection: Selection) -> Preview:
    """Return what an act would change; the selection must be narrowed to what the act applies to."""
    ids = db.session.scalars(_newest(petition_id, selection).with_only_columns(Signature.public_id)).all()
    matching, erased = _counts(petition_id, selection)
    return Preview(len(ids), matching, erased, _fingerprint(ids))


def _counts(petition_id: int, selection: Selection) -> tuple[int, int]:
    """Return how many signatures match, and how many more would if their data was not erased.

    Of a state or country they are all there are, by the kept sums, but for those that came after `before`.
    """
    is_erased = Signature.sealed.is_(None)
    counted = select(func.count().filter(~is_erased), func.count().filter(is_erased))
    if selection.day or selection.clue or selection.entries:
        matching, erased = db.session.execute(counted.where(*selection.conditions(petition_id))).one()
        return matching, erased
    rows = kept_sums.sums(SignatureSum, petition_id).subquery()
    asked = {"state": selection.state, "country": selection.country}
    chosen = [rows.c[name] == value for name, value in asked.items() if value is not None]
    summed = select(rows.c.erased, func.sum(rows.c.number)).where(*chosen).group_by(rows.c.erased)
    with snapshot() as session:
        of_all = {erased: int(number) for erased, number in session.execute(summed)}
        matching, erased = of_all.get(False, 0), of_all.get(True, 0)
        if selection.before:
            later = replace(selection, before=None).conditions(petition_id)
            more, more_erased = session.execute(counted.where(*later, Signature.verified_at >= selection.before)).one()
            matching, erased = matching - more, erased - more_erased
    return matching, erased


def lock(session: Session, petition_id: int, selection: Selection, fingerprint: str) -> Sequence[Row[int, bytes]]:
    """Lock the selected signatures until the transaction ends; return their ids and public ids.

    Returns an empty list if `fingerprint` does not match.
    """
    rows = session.execute(_newest(petition_id, selection).with_for_update(of=Signature)).all()
    return rows if _fingerprint(row.public_id for row in rows) == fingerprint else []


def invalidate(
    petition_id: int, selection: Selection, fingerprint: str, organiser_id: int | None, reason: Reason, note: str = ""
) -> int:
    """Set the selected verified signatures to invalidated, with a reason; return how many.

    Nothing is deleted. The note, if any, is sealed into each row. PDF deliveries are recalled.
    """

    def change(session: Session, rows: Sequence[Row[int, bytes]]) -> None:
        values = {"state": State.INVALIDATED, "reason": reason}
        changed = [{"id": row.id, "note_sealed": sealed_note(note, row.public_id), **values} for row in rows]
        session.execute(update(Signature), changed)
        _move_count(session, petition_id, rows, Kind.INVALIDATED)

    chosen = invalidatable(selection)
    return _act(petition_id, chosen, fingerprint, organiser_id, change, Act.INVALIDATED, reason=reason.value)


def restore(petition_id: int, selection: Selection, fingerprint: str, organiser_id: int | None) -> int:
    """Set the selected invalidated signatures back to verified; return how many.

    Reason and note are deleted, so that a real signer is not kept under suspicion; ledger and audit log keep the act. A
    signature whose data is erased stays invalidated, as nobody could say whose it was.
    """

    def change(session: Session, rows: Sequence[Row[int, bytes]]) -> None:
        restored = (
            update(Signature)
            .where(Signature.id.in_([row.id for row in rows]))
            .values(state=State.VERIFIED, reason=None, note_sealed=None)
        )
        session.execute(restored.execution_options(synchronize_session=False))
        _move_count(session, petition_id, rows, Kind.RESTORED)

    return _act(petition_id, restorable(selection), fingerprint, organiser_id, change, Act.RESTORED)


def dismiss(petition_id: int, selection: Selection, fingerprint: str, organiser_id: int | None) -> int:
    """Dismiss the suspicions of the selected signatures, so that they are not raised again; return how many signatures.

    State and count stay as they are.
    """

    def change(session: Session, rows: Sequence[Row[int, bytes]]) -> None:
        is_open = Suspicion.signature_id.in_([row.id for row in rows]) & Suspicion.dismissed_at.is_(None)
        dismissed = update(Suspicion).where(is_open).values(dismissed_at=clock.now())
        session.execute(dismissed.execution_options(synchronize_session=False))

    return _act(petition_id, suspected(selection), fingerprint, organiser_id, change, Act.LOOKED)


def _act(
    petition_id: int,
    selection: Selection,
    fingerprint: str,
    organiser_id: int | None,
    change: Callable[[Session, Sequence[Row[int, bytes]]], None],
    act: Act,
    **details: str,
) -> int:
    with acting(petition_id, organiser_id, Who.EDITORS) as (session, _petition):
        rows = lock(session, petition_id, selection, fingerprint)
        if rows:
            record(session, act, petition_id, organiser_id, None, number=len(rows), **details)
            change(session, rows)  # last, as `recall_deliveries` must come last
    return len(rows)


def _move_count(session: Session, petition_id: int, rows: Sequence[Row[int, bytes]], kind: Kind) -> None:
    ledger.append_all(session, [row.id for row in rows], kind, clock.now())
    recall_deliveries(session, petition_id)


def _newest(petition_id: int, selection: Selection) -> Select[int, bytes]:
    conditions = (*selection.conditions(petition_id), Signature.sealed.is_not(None))
    return signatures_in_lock_order(select(Signature.id, Signature.public_id).where(*conditions)).limit(MAX_BATCH_SIZE)


def _fingerprint(public_ids: Iterable[bytes]) -> str:
    return hashlib.sha256(b"".join(public_ids)).hexdigest()
