"""The count of verified signatures: exact, changed only here, and read at the same cost however large it is.

Each change of a signature appends a row to the ledger. The tally is the sum of the rows that were folded into it. The
count is the tally plus the unfolded rows, read in one statement, so confirmations do not wait for each other.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, case, exists, func, insert, literal, or_, select, update
from sqlalchemy.orm import Session

from app import clock, logs
from app.db import UtcDateTime, db, is_away, is_one_of, transaction
from app.db import insert as upsert
from app.models import DELTA, Kind, LedgerEntry, Petition, Signature, State, Tally

log = logging.getLogger(__name__)
FIRST_CHANGE = 1


@dataclass(frozen=True, slots=True)
class Count:
    """The number of verified signatures, and when it last changed: a correction, whose delta is 0, does not tell."""

    verified: int
    as_of: datetime


def append(session: Session, signature: Signature, kind: Kind, at: datetime) -> None:
    """Append a row in the caller's transaction: `kind` happened to `signature`, whose row the caller has locked."""
    signature.changes += 1
    session.add(
        LedgerEntry(
            petition_id=signature.petition_id,
            signature_id=signature.id,
            change=signature.changes,
            kind=kind,
            delta=DELTA[kind],
            at=at,
        )
    )


def first_entry(petition_id: int, at: datetime) -> dict[str, object]:
    """Return the ledger row of a signature that is being made, but for its id; its `changes` is FIRST_CHANGE."""
    kind = Kind.CONFIRMED
    return {"petition_id": petition_id, "change": FIRST_CHANGE, "kind": kind, "delta": DELTA[kind], "at": at}


def append_all(
    session: Session, signature_ids: Sequence[int], kind: Kind, at: datetime, changed: Mapping[str, object]
) -> None:
    """Append a row in the caller's transaction for each of these signatures, and set what `changed` says in theirs.

    The caller has locked them. It is one statement for both, as to write a row anew costs as much as its indexes.
    """
    these = is_one_of(Signature.id, signature_ids)
    count_up = update(Signature).where(these).values({**changed, "changes": Signature.changes + 1})
    session.execute(count_up.execution_options(synchronize_session=False))
    entries = select(
        Signature.petition_id,
        Signature.id,
        Signature.changes,
        literal(kind, LedgerEntry.kind.type),
        literal(DELTA[kind]),
        literal(at, UtcDateTime()),
    ).where(these)
    columns = ("petition_id", "signature_id", "change", "kind", "delta", "at")
    session.execute(insert(LedgerEntry).from_select(columns, entries))


def read_count(petition_id: int) -> Count:
    """Return the petition's verified count as it is now."""
    return read_counts([petition_id])[petition_id]


def read_counts(petition_ids: Sequence[int]) -> dict[int, Count]:
    """Return the verified counts of these petitions as they are now, by petition, in one statement."""
    return {
        petition_id: Count(int(verified_now), max(folded_at, unfolded_at or folded_at))
        for petition_id, verified_now, folded_at, unfolded_at in db.session.execute(_SUMS, {"petitions": petition_ids})
    }


def verified_on_site() -> int:
    """Return how many signatures are verified now, of all petitions, in one statement."""
    base = select(func.coalesce(func.sum(Tally.base), 0)).scalar_subquery()
    unfolded = select(func.coalesce(func.sum(LedgerEntry.delta), 0)).where(~LedgerEntry.folded).scalar_subquery()
    return int(db.session.scalars(select(base + unfolded)).one())


def verified_count(session: Session, petition_id: int) -> int:
    """Return the petition's verified count as the caller's transaction sees it."""
    return int(session.execute(_SUMS, {"petitions": [petition_id]}).one().verified)


def fold(petition_id: int) -> int:
    """Move the petition's unfolded ledger rows into its tally; return how many there were.

    The rows are those that this transaction sees, never "all up to an id": ids commit out of order.
    """
    with transaction() as session:
        tally = _locked_tally(session, petition_id)
        mark = (
            update(LedgerEntry)
            .where(LedgerEntry.petition_id == petition_id, ~LedgerEntry.folded)
            .values(folded=True)
            .returning(LedgerEntry.delta, LedgerEntry.at)
            .execution_options(synchronize_session=False)
        )
        marked = session.execute(mark).all()
        if marked:
            tally.base += sum(delta for delta, _ in marked)
            tally.changed_at = max([tally.changed_at, *(at for delta, at in marked if delta)])
    return len(marked)


def fold_all() -> int:
    """Fold every petition that has unfolded rows, or whose tally is missing; return how many rows were folded.

    If one fails, it is logged and the others are folded; its count stays right.
    """
    unfolded = exists().where(LedgerEntry.petition_id == Petition.id, ~LedgerEntry.folded)
    waiting = select(Petition.id).where(or_(unfolded, ~exists().where(Tally.petition_id == Petition.id)))
    folded = 0
    for petition_id in db.session.scalars(waiting).all():
        try:
            folded += fold(petition_id)
        except Exception as error:  # the others must still be folded
            if is_away(error):
                raise
            log.error("petition %s cannot be folded: %s", petition_id, logs.describe_error(error))  # noqa: TRY400
    return folded


def open_tally(session: Session, petition_id: int, at: datetime) -> None:
    """Start the count of a new petition at zero, in the caller's transaction."""
    session.add(Tally(petition_id=petition_id, base=0, changed_at=at))


def recompute(session: Session, petition_id: int) -> None:
    """Set the petition's tally, in the caller's transaction, to the sum of the rows that are marked folded."""
    _locked_tally(session, petition_id).base = _folded_sum(session, petition_id)


def _locked_tally(session: Session, petition_id: int) -> Tally:
    """Return the petition's tally, locked. If it is missing, it is recomputed from the rows that are marked folded."""
    tally = session.get(Tally, petition_id, with_for_update=True, populate_existing=True)
    if tally is not None:
        return tally
    log.error("petition %s has no tally: it is made anew of the ledger", petition_id)
    first = select(func.min(LedgerEntry.at, type_=LedgerEntry.at.type)).where(LedgerEntry.petition_id == petition_id)
    at = session.scalars(first).one() or clock.now()
    new = upsert(Tally).values(petition_id=petition_id, base=_folded_sum(session, petition_id), changed_at=at)
    session.execute(new.on_conflict_do_nothing())
    return session.get_one(Tally, petition_id, with_for_update=True, populate_existing=True)


def _folded_sum(session: Session, petition_id: int) -> int:
    total = func.coalesce(func.sum(LedgerEntry.delta), 0)
    folded = (LedgerEntry.petition_id == petition_id) & LedgerEntry.folded
    return int(session.scalars(select(total).where(folded)).one())


# Made once: every page and every count asks for them.
_UNFOLDED = (LedgerEntry.petition_id == Tally.petition_id) & ~LedgerEntry.folded
_SUMS = (
    select(
        Tally.petition_id,
        (Tally.base + func.coalesce(func.sum(LedgerEntry.delta), 0)).label("verified"),
        Tally.changed_at,
        func.max(case((LedgerEntry.delta != 0, LedgerEntry.at)), type_=LedgerEntry.at.type),
    )
    .outerjoin(LedgerEntry, _UNFOLDED)
    .where(Tally.petition_id.in_(bindparam("petitions", expanding=True)))
    .group_by(Tally.petition_id, Tally.base, Tally.changed_at)
)


def state_at(signature: Signature, at: datetime) -> State:
    """Return the state of a verified signature at a moment: it may have been invalidated then, and restored since."""
    moved = LedgerEntry.kind.in_((Kind.INVALIDATED, Kind.RESTORED))
    last = select(LedgerEntry.kind).where(LedgerEntry.signature_id == signature.id, moved, LedgerEntry.at <= at)
    kind = db.session.scalars(last.order_by(LedgerEntry.change.desc()).limit(1)).first()
    return State.INVALIDATED if kind == Kind.INVALIDATED else State.VERIFIED
