"""Deliver: claim a batch of letters, send them over one SMTP connection, and record the result of each."""

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from flask_mail import Message
from sqlalchemy import or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app import clock, counters, leases, logs
from app.db import db, transaction
from app.email import smtp
from app.models import OutboxProgress, OutboxRow
from app.outbox import backoff, mailbox_limit, slow_lane

BATCH_SIZE = 20
PUT_OFF = "put-off"  # in the counter, beside how letters end: to be tried again
log = logging.getLogger(__name__)

Choose = Callable[[OutboxRow], Callable[[], Message] | None]
Ended = Callable[[Session, OutboxRow, datetime], None]


@dataclass(frozen=True, slots=True)
class LetterCallbacks:
    """What other layers do for a letter, called by `deliver`.

    `choose` returns the function that writes the message of a row, or None if none is to be sent: it is called again
    for a letter that must wait, so it does little. `ended` is called when a row is done, sent or not, in the
    transaction that records it.
    """

    choose: Choose
    ended: Ended


class Claimed:
    """Rows that one worker holds until a lease runs out."""

    def __init__(self, claim: bytes, ids: list[int]) -> None:
        self.claim = claim
        self.ids = ids
        self._since = time.monotonic()
        self._lease: float = current_app.config["OUTBOX_LEASE_SECONDS"]

    def is_fresh(self) -> bool:
        """Tell whether enough of the lease is left to send one more letter to a slow server."""
        return time.monotonic() - self._since < self._lease / 2


def deliver(letters: LetterCallbacks, stopping: Callable[[], bool] = lambda: False) -> int:
    """Claim the letters that are due, confirmations first, and send them; return how many were claimed.

    Raises smtp.NoConnection when the server cannot be reached, after the letters were deferred.
    """
    claimed = _claim()
    unsent = list(claimed.ids)
    connection = smtp.SmtpConnection()
    try:
        while unsent and claimed.is_fresh() and not stopping():
            _write_and_send(connection, claimed, unsent[0], letters)
            unsent.pop(0)
    except smtp.NoConnection as error:
        for row_id in unsent:
            _defer(claimed, row_id, str(error), letters)
        unsent.clear()
        raise
    finally:
        connection.close()
        _release(claimed, unsent)
    return len(claimed.ids)


def _claim() -> Claimed:
    now = clock.now()
    claim = os.urandom(16)
    lease = timedelta(seconds=current_app.config["OUTBOX_LEASE_SECONDS"])
    free = or_(OutboxRow.leased_until.is_(None), leases.is_over(OutboxRow.leased_until, now, lease))
    # A letter that was queued in the future is due: the clock has gone back since.
    from_the_future = (OutboxRow.attempts == 0) & OutboxRow.deferred_until.is_(None) & (OutboxRow.queued_at > now)
    due = (
        select(OutboxRow.id)
        .where(OutboxRow.progress == OutboxProgress.WAITING, or_(OutboxRow.due_at <= now, from_the_future), free)
        .order_by(OutboxRow.priority, OutboxRow.due_at, OutboxRow.id)
        .limit(BATCH_SIZE)
    )
    # Read first, so that an idle worker never takes SQLite's one write lock.
    if not db.session.scalars(due).first():
        return Claimed(claim, [])
    with transaction() as session:
        # SQLite has no row locks and needs none: its transactions write one at a time.
        ids = list(session.scalars(due.with_for_update(skip_locked=True)).all())
        take = update(OutboxRow).where(OutboxRow.id.in_(ids)).values(claim=claim, leased_until=now + lease)
        session.execute(take.execution_options(synchronize_session=False))
    return Claimed(claim, ids)


def _write_and_send(connection: smtp.SmtpConnection, claimed: Claimed, row_id: int, letters: LetterCallbacks) -> None:
    """Write and send one letter, and record the result. Raises only if mail server or database cannot be reached."""
    try:
        message = _write(claimed, row_id, letters)
        if message is None:
            return
        connection.send(message)
    except (smtp.NoConnection, SQLAlchemyError):
        raise
    except smtp.Permanent as error:
        _mark(claimed, row_id, OutboxProgress.FAILED, str(error), letters)
    except smtp.Temporary as error:
        _defer(claimed, row_id, str(error), letters)
    except Exception as error:  # noqa: BLE001 - a letter that cannot be made must not hold up the others
        words = f"could not be made: {logs.describe_error(error)}"
        log.error("letter in outbox row %s %s", row_id, words)  # noqa: TRY400 - its text may name a signer
        _defer(claimed, row_id, words, letters)
    else:
        _mark(claimed, row_id, OutboxProgress.SENT, "", letters)


def _write(claimed: Claimed, row_id: int, letters: LetterCallbacks) -> Message | None:
    """Return a row's message, counted in the mailbox limit; None if the claim is lost, it must wait, or none is due.

    What will never go out is found out first, so that it takes no place in the slow lane.
    """
    now = clock.now()
    with transaction() as session:
        row = _lock_if_claimed(session, claimed, row_id)
        if row is None:
            return None
        write = letters.choose(row)
        if write is None or not mailbox_limit.has_room(session, row, now):
            _end(session, row, OutboxProgress.SILENT, "", now, letters)
            return None
        if slow_lane.shares_place(session, row, now) or slow_lane.defer(session, row, now):
            return None
        row.allowed_at, row.lane_key = now, None
        return write()


def _mark(claimed: Claimed, row_id: int, progress: OutboxProgress, reply: str, letters: LetterCallbacks) -> None:
    now = clock.now()
    with transaction() as session:
        row = _lock_if_claimed(session, claimed, row_id)
        if row is not None:
            row.attempts += 1
            _end(session, row, progress, reply, now, letters)


def _defer(claimed: Claimed, row_id: int, reply: str, letters: LetterCallbacks) -> None:
    now = clock.now()
    with transaction() as session:
        row = _lock_if_claimed(session, claimed, row_id)
        if row is not None and backoff.is_hopeless(row.attempts, now - row.queued_at):
            row.attempts += 1
            _end(session, row, OutboxProgress.FAILED, f"given up: {reply}", now, letters)
        elif row is not None:
            _retry(row, reply, now)


def _lock_if_claimed(session: Session, claimed: Claimed, row_id: int) -> OutboxRow | None:
    still_claimed = (OutboxRow.id == row_id) & (OutboxRow.claim == claimed.claim)
    return session.scalars(select(OutboxRow).where(still_claimed).with_for_update()).one_or_none()


def _end(
    session: Session, row: OutboxRow, progress: OutboxProgress, reply: str, now: datetime, letters: LetterCallbacks
) -> None:
    row.progress, row.reply, row.ended_at = progress, reply, now
    row.claim = row.leased_until = row.lane_key = None
    counters.count(counters.EMAILS, progress)
    if progress != OutboxProgress.FAILED:  # a failed letter may be tried again
        row.sealed = None
    letters.ended(session, row, now)


def _retry(row: OutboxRow, reply: str, now: datetime) -> None:
    row.attempts += 1
    row.reply = reply
    row.due_at = now + backoff.wait(row.attempts)
    row.claim = row.leased_until = None
    counters.count(counters.EMAILS, PUT_OFF)


def _release(claimed: Claimed, row_ids: list[int]) -> None:
    if row_ids:
        with transaction() as session:
            session.execute(
                update(OutboxRow)
                .where(OutboxRow.id.in_(row_ids), OutboxRow.claim == claimed.claim)
                .values(claim=None, leased_until=None)
                .execution_options(synchronize_session=False)
            )
