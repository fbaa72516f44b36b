"""The slow lane: e-mails to forms without a proof of work, of which MAX_PER_HOUR go out for each petition."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.crypto import tokens
from app.db import advisory_lock, db
from app.models import Occasion, OutboxRow
from app.outbox.enqueue import PRIORITY_DEFERRED

MAX_PER_HOUR = 60
# Forms without a proof to one petition in an hour from which on a proof is asked for. It is half of MAX_PER_HOUR, so
# that who makes one never meets the slow lane, and asking ends by itself once most forms bring one.
PROOF_THRESHOLD = 30
# By chance up to so many more, another number each hour, so that a single form hardly shows in it.
PROOF_THRESHOLD_SPREAD = 10
WINDOW = timedelta(hours=1)
SLOT = timedelta(seconds=15)  # a form counts for others from the end of its slot on, so that its moment does not show


def is_filling(petition_id: int, now: datetime) -> bool:
    """Tell whether so many forms without a proof came for this petition of late that a proof is to be asked for."""
    threshold = _proof_threshold(petition_id, now)
    signed = OutboxRow.occasion == Occasion.SIGNED
    mine = (OutboxRow.petition_id == petition_id) & ~OutboxRow.had_proof_of_work & signed
    until = now - timedelta(seconds=now.timestamp() % SLOT.total_seconds())
    in_window = (OutboxRow.queued_at > until - WINDOW) & (OutboxRow.queued_at <= until)
    # No more are counted than are needed, so that a flood makes it no slower.
    counted = select(OutboxRow.id).where(mine, in_window).limit(threshold).subquery()
    return db.session.scalars(select(func.count()).select_from(counted)).one() >= threshold


def _proof_threshold(petition_id: int, now: datetime) -> int:
    """Return the threshold of this hour: were it fixed, who sends all forms but one would see the next one."""
    chance = tokens.keyed_hash("proof from", f"{petition_id} {now:%Y-%m-%d %H}")
    return PROOF_THRESHOLD + chance[0] % PROOF_THRESHOLD_SPREAD


def defer(session: Session, row: OutboxRow, now: datetime) -> bool:
    """Tell whether this e-mail must wait, and if so defer it, in the caller's transaction.

    A new one goes behind those that wait, at the lane's pace, so that each is looked at about once. One whose turn has
    come, after all of them were late, is deferred again until the next place is free. Nothing counts as an attempt, and
    `mailbox_limit.allow` notes when an e-mail goes out.
    """
    if row.had_proof_of_work:
        return False
    advisory_lock(session, tokens.keyed_hash("slow lane", str(row.petition_id)))
    at = _next_place(session, row, now)
    if row.deferred_until is None:
        last = _last_deferred(session, row)
        if last is not None and last > now:
            at = max(at, last + WINDOW / MAX_PER_HOUR)
    if at <= now:
        return False
    row.deferred_until = row.due_at = at
    row.priority = PRIORITY_DEFERRED
    row.claim = row.leased_until = None
    return True


def _next_place(session: Session, row: OutboxRow, now: datetime) -> datetime:
    """Return when fewer than MAX_PER_HOUR others went out within the window: now, or when the first one leaves it."""
    others = (OutboxRow.petition_id == row.petition_id) & ~OutboxRow.had_proof_of_work & (OutboxRow.id != row.id)
    gone = select(func.count(), func.min(OutboxRow.allowed_at, type_=OutboxRow.allowed_at.type))
    number, first = session.execute(gone.where(others, OutboxRow.allowed_at > now - WINDOW)).one()
    return now if first is None or number < MAX_PER_HOUR else first + WINDOW


def _last_deferred(session: Session, row: OutboxRow) -> datetime | None:
    """Return until when the last one in the lane of a row's petition is deferred; None for none."""
    until = func.max(OutboxRow.deferred_until, type_=OutboxRow.deferred_until.type)
    in_lane = (OutboxRow.petition_id == row.petition_id) & OutboxRow.deferred_until.is_not(None)
    return session.scalars(select(until).where(in_lane)).one()
