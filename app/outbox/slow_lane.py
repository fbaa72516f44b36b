"""The slow lane: e-mails to forms without a proof of work, of which MAX_PER_HOUR go out for each petition."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.orm import Session

from app.crypto import tokens
from app.db import advisory_lock, db
from app.models import Occasion, OutboxProgress, OutboxRow
from app.outbox.enqueue import PRIORITY_DEFERRED
from app.outbox.mailbox_limit import competes_with, per_petition

MAX_PER_HOUR = 60
# From this many forms without a proof in an hour, a petition asks for a proof. It is half of MAX_PER_HOUR, so that
# people whose browsers make one never meet the slow lane. Once most forms bring a proof, it is asked for no more.
PROOF_THRESHOLD = 30
# A random number below this is added each hour, so that nobody can tell a single form from the threshold.
PROOF_THRESHOLD_SPREAD = 10
WINDOW = timedelta(hours=1)
DAY = timedelta(days=1)
LOOK_AGAIN = timedelta(seconds=30)  # after the place's time, when its e-mail has gone out
MAX_TURN = 1000  # beyond it, the e-mails of one network have the same turn
SLOT = timedelta(seconds=15)  # a form counts from the end of its slot on, so that nobody can tell when it was sent


def is_filling(petition_id: int, now: datetime) -> bool:
    """Tell whether this petition got so many forms without a proof in the last hour that one is to be asked for."""
    threshold = _proof_threshold(petition_id, now)
    signed = OutboxRow.occasion == Occasion.SIGNED
    without_proof = (OutboxRow.petition_id == petition_id) & ~OutboxRow.had_proof_of_work & signed
    until = now - timedelta(seconds=now.timestamp() % SLOT.total_seconds())
    in_window = (OutboxRow.queued_at > until - WINDOW) & (OutboxRow.queued_at <= until)
    # Count no more than needed, so that a flood does not make it slower.
    counted = select(OutboxRow.id).where(without_proof, in_window).limit(threshold).subquery()
    return db.session.scalars(select(func.count()).select_from(counted)).one() >= threshold


def _proof_threshold(petition_id: int, now: datetime) -> int:
    """Return this hour's threshold. If it were fixed, somebody who sends all forms but one could detect the next."""
    random_bytes = tokens.keyed_hash("proof from", f"{petition_id} {now:%Y-%m-%d %H}")
    return PROOF_THRESHOLD + random_bytes[0] % PROOF_THRESHOLD_SPREAD


def is_one_too_many(session: Session, row: OutboxRow, now: datetime) -> bool:
    """Tell whether as many forms for this one's mailbox had their turn within a day as may have letters.

    It goes by what was typed and by nothing that the mailbox or its server did. The caller holds its advisory lock.
    """
    if row.had_proof_of_work or row.turn_at is not None:
        return False
    without_proof = (OutboxRow.petition_id == row.petition_id) & ~OutboxRow.had_proof_of_work
    had_turn = without_proof & (OutboxRow.turn_at > now - DAY)
    number = session.scalars(select(func.count()).where(competes_with(row), had_turn)).one()
    return number >= per_petition(is_tagged=row.is_tagged)


def must_wait(session: Session, row: OutboxRow, now: datetime) -> bool:
    """Tell whether the turn of this e-mail is still to come, in the caller's transaction. It has one, also if it fails.

    The caller holds the advisory lock of its mailbox.
    """
    if row.had_proof_of_work or row.turn_at is not None:
        return False
    if _shares_place(session, row, now) or _defer(session, row, now):
        return True
    row.turn_at, row.lane_key = now, None
    return False


def _shares_place(session: Session, row: OutboxRow, now: datetime) -> bool:
    """Tell whether an older e-mail of this petition to its mailbox waits: this one then takes no second place.

    It is looked at again once that one's time has come. If that one was taken back, the oldest that still waits has the
    place, this one or another: so no form whose e-mail is taken back takes anything from this one, and no later form
    does. If that one had its turn, this one takes a place of its own, in its network's: one place is for one e-mail.
    If this one's network has waited less, the place moves forward to its turn, whoever has it. The caller holds the
    advisory lock of the mailbox (see app/outbox/mailbox_limit.py).
    """
    if row.deferred_until is not None:
        return False
    is_older = tuple_(OutboxRow.queued_at, OutboxRow.id) < (row.queued_at, row.id)
    waiting = competes_with(row) & (OutboxRow.progress == OutboxProgress.WAITING)
    older = waiting & _in_line(row) & is_older
    if session.scalars(select(OutboxRow.id).where(older).limit(1)).first() is None:
        if row.provider_key is None and row.due_at > row.queued_at and not _was_place_used(session, row):
            row.deferred_until, row.priority = row.due_at, PRIORITY_DEFERRED
        return False
    row.claim = row.leased_until = None
    row.due_at = now + LOOK_AGAIN
    # Not if a worker has it in hand: waiting for its lock, while it waits for the mailbox's, would be a deadlock.
    in_turn = (OutboxRow.deferred_until.is_(None), OutboxRow.queued_at, OutboxRow.id)
    place = session.scalars(
        select(OutboxRow).where(older).order_by(*in_turn).limit(1).with_for_update(skip_locked=True)
    ).first()
    if place is not None:
        if place.deferred_until is None:  # the e-mail whose place it was has left
            place.priority = PRIORITY_DEFERRED + MAX_TURN
            if not _was_place_used(session, place):
                place.deferred_until = place.due_at
        _move_forward(session, place, PRIORITY_DEFERRED + _turn(session, row), now)
        row.due_at = max(place.due_at, now) + LOOK_AGAIN
    return True


def _move_forward(session: Session, place: OutboxRow, priority: int, now: datetime) -> None:
    """Give a waiting e-mail an earlier turn, if that is one."""
    if priority >= place.priority:
        return
    advisory_lock(session, tokens.keyed_hash("slow lane", str(place.petition_id)))
    place.priority = priority
    last = _last_deferred(session, place)
    at = max(_next_free_time(session, place, now), last + WINDOW / MAX_PER_HOUR if last else now)
    if place.deferred_until is None or at < place.deferred_until:
        place.deferred_until = place.due_at = at


def _defer(session: Session, row: OutboxRow, now: datetime) -> bool:
    """Tell whether this e-mail must wait, and if so defer it, in the caller's transaction.

    The networks that forms came from take turns: a new e-mail goes behind those whose networks had as many waiting
    before them, one minute later, so that a worker claims each about once. If its time has come but the hour is full,
    it is deferred again. Deferring is no attempt.
    """
    advisory_lock(session, tokens.keyed_hash("slow lane", str(row.petition_id)))
    at = _next_free_time(session, row, now)
    if row.deferred_until is None:
        row.priority = PRIORITY_DEFERRED + _turn(session, row)
        last = _last_deferred(session, row)
        if last is not None and last >= now:
            at = max(at, last + WINDOW / MAX_PER_HOUR)
    if at <= now:
        return False
    row.deferred_until = row.due_at = at
    row.claim = row.leased_until = None
    return True


def _was_place_used(session: Session, row: OutboxRow) -> bool:
    """Tell whether another e-mail to this one's mailbox had the place that this one waited for, up to its time."""
    from_then_on = max(row.queued_at, row.due_at - LOOK_AGAIN)
    meanwhile = (OutboxRow.petition_id == row.petition_id) & (OutboxRow.turn_at >= from_then_on)
    sent = select(OutboxRow.id).where(competes_with(row), ~OutboxRow.had_proof_of_work, meanwhile)
    return session.scalars(sent.limit(1)).first() is not None


def _in_lane(row: OutboxRow) -> ColumnElement[bool]:
    return (OutboxRow.petition_id == row.petition_id) & OutboxRow.deferred_until.is_not(None)


def _in_line(row: OutboxRow) -> ColumnElement[bool]:
    """Return the condition for e-mails of this one's petition that are in the lane, or wait for an older one's place.

    Those are due later than they were queued. None of them has had its turn yet.
    """
    of_petition = (OutboxRow.petition_id == row.petition_id) & ~OutboxRow.had_proof_of_work
    return (
        of_petition
        & OutboxRow.turn_at.is_(None)
        & OutboxRow.provider_key.is_(None)  # or its provider's pace has put it off
        & (OutboxRow.deferred_until.is_not(None) | (OutboxRow.due_at > OutboxRow.queued_at))
    )


def _turn(session: Session, row: OutboxRow) -> int:
    """Return how many other e-mails to forms from this one's network wait, in the lane or for it, at most MAX_TURN."""
    same = _in_line(row) & OutboxRow.lane_key.is_not_distinct_from(row.lane_key) & (OutboxRow.id != row.id)
    waiting = select(OutboxRow.id).where(same, OutboxRow.progress == OutboxProgress.WAITING).limit(MAX_TURN)
    return session.scalars(select(func.count()).select_from(waiting.subquery())).one()


def _next_free_time(session: Session, row: OutboxRow, now: datetime) -> datetime:
    """Return when this e-mail may go out: now, or when the oldest of MAX_PER_HOUR others leaves the window."""
    others = (OutboxRow.petition_id == row.petition_id) & ~OutboxRow.had_proof_of_work & (OutboxRow.id != row.id)
    sent = select(func.count(), func.min(OutboxRow.turn_at, type_=OutboxRow.turn_at.type))
    number, first = session.execute(sent.where(others, OutboxRow.turn_at > now - WINDOW)).one()
    return now if first is None or number < MAX_PER_HOUR else first + WINDOW


def _last_deferred(session: Session, row: OutboxRow) -> datetime | None:
    """Return until when the last e-mail of this petition is deferred whose turn is not after this one's, if any."""
    last = func.max(OutboxRow.deferred_until, type_=OutboxRow.deferred_until.type)
    others = _in_lane(row) & (OutboxRow.priority <= row.priority) & (OutboxRow.id != row.id)
    return session.scalars(select(last).where(others)).one()
