"""Bulk acts: invalidate, restore or dismiss many signatures at a press: those that the page displayed, or none.

`preview` counts the signatures that an act applies to and returns their fingerprint. The act looks anew and compares:
if others match by then, nothing changes and it returns 0. Else it changes those very signatures in batches, each a
transaction with its line in the audit log, so that nobody waits long and what is done is logged wherever a press ends.
One that matches no more when its batch has locked it, as its signer has just withdrawn, is left alone.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Row, Select, func, select, update
from sqlalchemy.orm import Session

from app import clock, kept_sums
from app.audit.log import record
from app.changed_rows import change_rows
from app.db import db, is_one_of, snapshot
from app.export.recall import recall_deliveries
from app.ledger import ledger
from app.models import Act, Kind, Reason, Signature, SignatureSum, State, Suspicion
from app.models.locking import signatures_in_lock_order
from app.models.signer import sealed_note
from app.organisers.access import Who
from app.organisers.acting import acting
from app.watching.selection import ANY, Selection

Shown = Sequence[Row[int, bytes, datetime]]

MAX_AT_A_PRESS = 5_000  # done within a second or two, while a browser waits
BATCH_SIZE = 500  # to a transaction: a tenth of a second, in which others wait for these rows, or for SQLite's writer


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
    shown = newest(petition_id, selection)
    matching, erased = _counts(petition_id, selection)
    return Preview(len(shown), matching, erased, _fingerprint(shown))


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


def newest(petition_id: int, selection: Selection) -> Shown:
    """Return which signatures a press changes at most, in lock order; the selection must be narrowed to the act."""
    return db.session.execute(_matching(petition_id, selection).limit(MAX_AT_A_PRESS)).all()


def lock(session: Session, petition_id: int, selection: Selection, shown: Shown) -> Shown:
    """Lock until the transaction ends those of these signatures that still match, and return them."""
    # The span keeps SQLite to a part of the list's index, all of which it would read for each batch by ids alone.
    span = Signature.verified_at.between(shown[-1].verified_at, shown[0].verified_at)
    these = _matching(petition_id, selection).where(span, is_one_of(Signature.id, [one.id for one in shown]))
    return session.execute(these.with_for_update(of=Signature)).all()


def invalidate(
    petition_id: int, selection: Selection, fingerprint: str, organiser_id: int | None, reason: Reason, note: str = ""
) -> int:
    """Set the selected verified signatures to invalidated, with a reason; return how many.

    Nothing is deleted. The note, if any, is sealed into each row. PDF deliveries are recalled.
    """

    def change(session: Session, rows: Shown) -> None:
        ids = [row.id for row in rows]
        invalid = {"state": State.INVALIDATED, "reason": reason}
        ledger.append_all(session, ids, Kind.INVALIDATED, clock.now(), invalid)
        if note:
            notes = {"note_sealed": [sealed_note(note, row.public_id) for row in rows]}
            change_rows(session, Signature, {"id": ids}, notes)
        recall_deliveries(session, petition_id)

    chosen = invalidatable(selection)
    return _act(petition_id, chosen, fingerprint, organiser_id, change, Act.INVALIDATED, reason=reason.value)


def restore(petition_id: int, selection: Selection, fingerprint: str, organiser_id: int | None) -> int:
    """Set the selected invalidated signatures back to verified; return how many.

    Reason and note are deleted, so that a real signer is not kept under suspicion; ledger and audit log keep the act. A
    signature whose data is erased stays invalidated, as nobody could say whose it was.
    """

    def change(session: Session, rows: Shown) -> None:
        verified = {"state": State.VERIFIED, "reason": None, "note_sealed": None}
        ledger.append_all(session, [row.id for row in rows], Kind.RESTORED, clock.now(), verified)
        recall_deliveries(session, petition_id)

    return _act(petition_id, restorable(selection), fingerprint, organiser_id, change, Act.RESTORED)


def dismiss(petition_id: int, selection: Selection, fingerprint: str, organiser_id: int | None) -> int:
    """Dismiss the suspicions of the selected signatures, so that they are not raised again; return how many signatures.

    State and count stay as they are.
    """

    def change(session: Session, rows: Shown) -> None:
        is_open = is_one_of(Suspicion.signature_id, [row.id for row in rows]) & Suspicion.dismissed_at.is_(None)
        dismissed = update(Suspicion).where(is_open).values(dismissed_at=clock.now())
        session.execute(dismissed.execution_options(synchronize_session=False))

    return _act(petition_id, suspected(selection), fingerprint, organiser_id, change, Act.LOOKED)


def _act(
    petition_id: int,
    selection: Selection,
    fingerprint: str,
    organiser_id: int | None,
    change: Callable[[Session, Shown], None],
    act: Act,
    **details: str,
) -> int:
    shown = newest(petition_id, selection)
    if _fingerprint(shown) != fingerprint:
        return 0
    changed = 0
    for first in range(0, len(shown), BATCH_SIZE):
        with acting(petition_id, organiser_id, Who.EDITORS) as (session, _petition):
            rows = lock(session, petition_id, selection, shown[first : first + BATCH_SIZE])
            if rows:
                record(session, act, petition_id, organiser_id, None, number=len(rows), **details)
                change(session, rows)  # last, as `recall_deliveries` must come last
        changed += len(rows)
    return changed


def _matching(petition_id: int, selection: Selection) -> Select[int, bytes, datetime]:
    conditions = (*selection.conditions(petition_id), Signature.sealed.is_not(None))
    columns = select(Signature.id, Signature.public_id, Signature.verified_at)
    return signatures_in_lock_order(columns.where(*conditions))


def _fingerprint(shown: Shown) -> str:
    return hashlib.sha256(b"".join(row.public_id for row in shown)).hexdigest()
