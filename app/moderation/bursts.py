"""Bursts: many signatures from one place at once are pointed out to organisers, and otherwise left alone.

The worker checks recently confirmed signatures every minute. It points out each signature once for each clue.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import InstrumentedAttribute

from app import clock
from app.db import db, insert, seconds, transaction
from app.models import BURSTS, Clue, Signature, State, Suspicion, Tally
from app.models.locking import signatures_in_lock_order

# Twice as long as the longest burst, so that a worker that was away for an hour misses none.
LOOKBACK = 2 * max(burst.within for burst in BURSTS.values())
BATCH_SIZE = 1000
KEYS: dict[Clue, InstrumentedAttribute[bytes | None]] = {
    Clue.NETWORK: Signature.network_key,
    Clue.DOMAIN: Signature.domain_key,
}


def flag_bursts(now: datetime | None = None) -> int:
    """Record which recently verified signatures look like part of a burst; return how many such clues are new.

    Only petitions whose count has changed are checked, so run this after `count.fold_all`.
    """
    now = now or clock.now()
    since = now - LOOKBACK
    moved = db.session.scalars(select(Tally.petition_id).where(Tally.changed_at > since)).all()
    return sum(_flag(petition_id, clue, since, now) for petition_id in moved for clue in BURSTS)


def _flag(petition_id: int, clue: Clue, since: datetime, now: datetime) -> int:
    # Read first, so that without a burst nothing takes SQLite's only write lock.
    found = db.session.scalars(_in_burst(petition_id, clue, since)).all()
    return sum(
        _add_suspicions(found[begin : begin + BATCH_SIZE], {"petition_id": petition_id, "clue": clue, "since": now})
        for begin in range(0, len(found), BATCH_SIZE)
    )


def _add_suspicions(ids: Sequence[int], about: dict[str, object]) -> int:
    """Record a clue for each of these signatures that is still verified; return how many are new."""
    verified = select(Signature.id).where(Signature.id.in_(ids), Signature.state == State.VERIFIED)
    # Locked, so that a signer who withdraws at the same time leaves no clue.
    locked = signatures_in_lock_order(verified).with_for_update(read=True)
    with transaction() as session:
        rows = [{"signature_id": signature_id, **about} for signature_id in session.scalars(locked)]
        if not rows:
            return 0
        new = insert(Suspicion).values(rows).on_conflict_do_nothing().returning(Suspicion.signature_id)
        return len(session.execute(new).all())


def _in_burst(petition_id: int, clue: Clue, since: datetime) -> Select[int]:
    """Return the statement for the ids of signatures in a burst that do not have this clue yet.

    For each key, signatures are in the order of confirming. A signature ends a burst if the one `number` - 1 places
    before it came `within` the time. It is in a burst if it ends one, or one of the `number` - 1 signatures after it.
    """
    key, burst = KEYS[clue], BURSTS[clue]
    others = burst.number - 1
    at = seconds(Signature.verified_at)
    elapsed = at - func.lag(at, others).over(partition_by=key, order_by=(Signature.verified_at, Signature.id))
    is_recent = (
        Signature.petition_id == petition_id,
        Signature.state == State.VERIFIED,
        Signature.verified_at > since,
        key.is_not(None),
    )
    # Most keys are rare: dropping those first costs less than sorting all signatures.
    frequent = select(key).where(*is_recent).group_by(key).having(func.count() >= burst.number)
    recent = (
        select(
            Signature.id,
            key.label("key"),
            Signature.verified_at,
            case((elapsed <= _whole_seconds(burst.within), 1), else_=0).label("ends"),
        )
        .where(*is_recent, key.in_(frequent))
        .subquery()
    )
    around = func.max(recent.c.ends).over(
        partition_by=recent.c.key, order_by=(recent.c.verified_at, recent.c.id), rows=(0, others)
    )
    within = select(recent.c.id, around.label("within")).subquery()
    known = select(Suspicion.signature_id).where(Suspicion.signature_id == within.c.id, Suspicion.clue == clue)
    return select(within.c.id).where(within.c.within == 1, ~known.exists())


def _whole_seconds(length: timedelta) -> int:
    return int(length.total_seconds())
