"""Bursts: many signatures from one place at once are pointed out to organisers. Nothing is done to them.

The worker looks every minute at what was confirmed lately. What it has pointed out once, it leaves alone.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import InstrumentedAttribute

from app import clock
from app.db import db, insert, seconds, transaction
from app.models import BURSTS, Clue, Signature, State, Suspicion, Tally
from app.models.locking import signatures_in_lock_order

# Twice as long as the longest burst: a worker that was away for an hour misses none.
LOOKBACK = 2 * max(burst.within for burst in BURSTS.values())
BATCH_SIZE = 1000
KEYS: dict[Clue, InstrumentedAttribute[bytes | None]] = {
    Clue.NETWORK: Signature.network_key,
    Clue.DOMAIN: Signature.domain_key,
}


def flag_bursts(now: datetime | None = None) -> int:
    """Write down which lately verified signatures look like part of a burst; return how many such clues are new.

    Only petitions whose count has moved are looked at, so it follows `count.fold_all`.
    """
    now = now or clock.now()
    since = now - LOOKBACK
    moved = db.session.scalars(select(Tally.petition_id).where(Tally.changed_at > since)).all()
    return sum(_flag(petition_id, clue, since, now) for petition_id in moved for clue in BURSTS)


def _flag(petition_id: int, clue: Clue, since: datetime, now: datetime) -> int:
    # A look first, so that without a burst nothing takes SQLite's one write lock.
    found = db.session.scalars(_in_burst(petition_id, clue, since)).all()
    return sum(
        _add_suspicions(found[begin : begin + BATCH_SIZE], {"petition_id": petition_id, "clue": clue, "since": now})
        for begin in range(0, len(found), BATCH_SIZE)
    )


def _add_suspicions(ids: Sequence[int], about: dict[str, object]) -> int:
    """Write one clue down for each of these signatures that is still verified: who withdraws meanwhile leaves none."""
    these = select(Signature.id).where(Signature.id.in_(ids), Signature.state == State.VERIFIED)
    still = signatures_in_lock_order(these).with_for_update(read=True)
    with transaction() as session:
        rows = [{"signature_id": signature_id, **about} for signature_id in session.scalars(still)]
        if not rows:
            return 0
        new = insert(Suspicion).values(rows).on_conflict_do_nothing().returning(Suspicion.signature_id)
        return len(session.execute(new).all())


def _in_burst(petition_id: int, clue: Clue, since: datetime) -> Select[int]:
    """Return the statement for the ids of those in a burst that do not have this clue yet.

    In each group of one key, in the order of confirming, a signature ends a burst if the one that is `number` - 1
    before it came `within` the time; it is in a burst if it, or one of the `number` - 1 after it, ends one.
    """
    key, burst = KEYS[clue], BURSTS[clue]
    others = burst.number - 1
    at = seconds(Signature.verified_at)
    took = at - func.lag(at, others).over(partition_by=key, order_by=(Signature.verified_at, Signature.id))
    lately = (
        Signature.petition_id == petition_id,
        Signature.state == State.VERIFIED,
        Signature.verified_at > since,
        key.is_not(None),
    )
    # Most are alone, and finding these costs less than putting all in order.
    many = select(key).where(*lately).group_by(key).having(func.count() >= burst.number)
    recent = (
        select(
            Signature.id,
            key.label("key"),
            Signature.verified_at,
            case((took <= _whole(burst.within), 1), else_=0).label("ends"),
        )
        .where(*lately, key.in_(many))
        .subquery()
    )
    around = func.max(recent.c.ends).over(
        partition_by=recent.c.key, order_by=(recent.c.verified_at, recent.c.id), rows=(0, others)
    )
    within = select(recent.c.id, around.label("within")).subquery()
    known = select(Suspicion.signature_id).where(Suspicion.signature_id == within.c.id, Suspicion.clue == clue)
    return select(within.c.id).where(within.c.within == 1, ~known.exists())


def _whole(length: timedelta) -> int:
    return int(length.total_seconds())
