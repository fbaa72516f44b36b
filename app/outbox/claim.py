"""Claim: a worker takes a batch of letters that are due, and holds them by a lease."""

import os
import time
from collections.abc import Iterable, Mapping
from datetime import timedelta

from flask import current_app
from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from app import clock, leases
from app.db import db, is_one_of, transaction
from app.models import News, NewsState, Occasion, OutboxProgress, OutboxRow
from app.outbox import quota
from app.outbox.pause_provider import all_paused_until

BATCH_SIZE = 200
BATCH_SIZE_ONE_BY_ONE = 25  # of letters that are written one by one: about as many as are in a second
# What is paused or cancelled waits, however long it has been due.
MAY_LEAVE = OutboxRow.news_id.is_(None) | OutboxRow.news_id.in_(select(News.id).where(News.state == NewsState.SENDING))


class Claimed:
    """Rows that one worker holds until a lease runs out."""

    def __init__(self, claim: bytes, occasions: Mapping[int, Occasion]) -> None:
        """Hold these rows, by their ids in the order of departure, and why each letter may be due."""
        self.claim = claim
        self.occasions = occasions
        self._since = time.monotonic()
        self._lease: float = current_app.config["OUTBOX_LEASE_SECONDS"]

    def is_fresh(self) -> bool:
        """Tell whether enough of the lease is left to send one more letter to a slow server."""
        return time.monotonic() - self._since < self._lease / 2

    def holds(self, row_ids: Iterable[int]) -> ColumnElement[bool]:
        """Return the condition for those of these rows that this worker still holds."""
        return is_one_of(OutboxRow.id, [*row_ids]) & (OutboxRow.claim == self.claim)

    def lock_all(self, session: Session, row_ids: Iterable[int]) -> None:
        """Lock those of these rows that this worker still holds, by the lock order: one mailbox may have several."""
        session.execute(select(OutboxRow.id).where(self.holds(row_ids)).order_by(OutboxRow.id).with_for_update())

    def lock(self, session: Session, row_id: int) -> OutboxRow | None:
        """Return one of its rows, locked; None if another worker has it meanwhile."""
        return session.scalars(select(OutboxRow).where(self.holds([row_id])).with_for_update()).one_or_none()


def claim_due() -> Claimed:
    """Claim the letters that are due, those with the highest priority first, as far as quotas leave room."""
    now = clock.now()
    claim = os.urandom(16)
    lease = timedelta(seconds=current_app.config["OUTBOX_LEASE_SECONDS"])
    free = or_(OutboxRow.leased_until.is_(None), leases.is_over(OutboxRow.leased_until, now, lease))
    # A letter that was queued in the future is due: the clock has gone back since.
    from_the_future = (OutboxRow.attempts == 0) & OutboxRow.deferred_until.is_(None) & (OutboxRow.queued_at > now)
    due = (
        select(OutboxRow.id, OutboxRow.occasion, OutboxRow.had_proof_of_work)
        .where(OutboxRow.progress == OutboxProgress.WAITING, or_(OutboxRow.due_at <= now, from_the_future), free)
        .where(MAY_LEAVE)
        .order_by(OutboxRow.priority, OutboxRow.due_at, OutboxRow.id)
    )
    room = quota.room(quota.used(db.session(), now), BATCH_SIZE)
    if len(room) < len(Occasion):
        due = due.where(OutboxRow.occasion.in_([*room]))
    # Read first, so that an idle worker never takes SQLite's one write lock.
    first = db.session.execute(due.limit(1)).first()
    if first is None:
        return Claimed(claim, {})
    are_copies = first.occasion == Occasion.SIGNED and first.had_proof_of_work
    size = quota.batch_size(BATCH_SIZE if are_copies else min(BATCH_SIZE, BATCH_SIZE_ONE_BY_ONE))
    if all_paused_until(db.session(), now):
        return Claimed(claim, {})
    due = due.limit(min(size, max(room.values())))
    with transaction() as session:
        # SQLite has no row locks and needs none: its transactions write one at a time.
        taken = {row.id: row.occasion for row in session.execute(due.with_for_update(skip_locked=True))}
        take = update(OutboxRow).where(is_one_of(OutboxRow.id, [*taken])).values(claim=claim, leased_until=now + lease)
        session.execute(take.execution_options(synchronize_session=False))
    return Claimed(claim, taken)


def release(claimed: Claimed, row_ids: list[int]) -> None:
    """Give rows back that were not tried."""
    if row_ids:
        with transaction() as session:
            claimed.lock_all(session, row_ids)
            free = update(OutboxRow).where(claimed.holds(row_ids)).values(claim=None, leased_until=None)
            session.execute(free.execution_options(synchronize_session=False))
