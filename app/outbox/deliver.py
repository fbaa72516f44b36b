"""Deliver: claim a batch of letters, send them over one connection, mark each with what became of it."""

import logging
import os
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from flask_mail import Message
from sqlalchemy import or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app import clock, mail
from app.db import db, transaction
from app.models import OutboxRow, Progress
from app.outbox import backoff, caps

BATCH = 20
log = logging.getLogger(__name__)

Write = Callable[[OutboxRow], Message | None]
Ended = Callable[[Session, OutboxRow, datetime], None]


@dataclass(frozen=True, slots=True)
class Letters:
    """What the worker knows of letters.

    `write` makes the message of a row, or None if nothing is to be said; `ended` is told, in the same transaction, that
    a row is done with, whether its letter was taken or not.
    """

    write: Write
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


def deliver(letters: Letters, stopping: Callable[[], bool] = lambda: False) -> int:
    """Claim the letters that are due, confirmations first, and send them; return how many were claimed.

    Raises mail.NoConnection when the server cannot be reached, after the letters were put back for later.
    """
    claimed = _claim()
    if not claimed.ids:
        return 0
    messages = _write_all(claimed, letters)
    try:
        if messages:
            with mail.connection() as opened:
                for row_id in list(messages):
                    if stopping() or not claimed.is_fresh():
                        break
                    _send_one(opened, claimed, row_id, messages.pop(row_id), letters)
    except mail.NoConnection as error:
        for row_id in messages:
            _put_off(claimed, row_id, str(error), letters)
        messages.clear()
        raise
    finally:
        _release(claimed, list(messages))
    return len(claimed.ids)


def _claim() -> Claimed:
    now = clock.now()
    claim = os.urandom(16)
    free = or_(OutboxRow.leased_until.is_(None), OutboxRow.leased_until < now)
    due = (
        select(OutboxRow.id)
        .where(OutboxRow.progress == Progress.WAITING, OutboxRow.due_at <= now, free)
        .order_by(OutboxRow.priority, OutboxRow.due_at, OutboxRow.id)
        .limit(BATCH)
    )
    # A look first, so that an idle worker never takes SQLite's one write lock.
    if not db.session.scalars(due).first():
        return Claimed(claim, [])
    lease = timedelta(seconds=current_app.config["OUTBOX_LEASE_SECONDS"])
    with transaction() as session:
        # SQLite has no row locks and needs none: there the whole transaction is the only writer.
        ids = list(session.scalars(due.with_for_update(skip_locked=True)).all())
        mine = update(OutboxRow).where(OutboxRow.id.in_(ids)).values(claim=claim, leased_until=now + lease)
        session.execute(mine.execution_options(synchronize_session=False))
    return Claimed(claim, ids)


def _write_all(claimed: Claimed, letters: Letters) -> dict[int, Message]:
    """Return the messages to send by row id, in order; rows with nothing to say end here."""
    messages: dict[int, Message] = {}
    now = clock.now()
    with transaction() as session:
        mine = select(OutboxRow).where(OutboxRow.claim == claimed.claim, OutboxRow.progress == Progress.WAITING)
        in_order = mine.order_by(OutboxRow.priority, OutboxRow.due_at, OutboxRow.id)
        for row in session.scalars(in_order.execution_options(populate_existing=True)).all():
            allowed = caps.allow(session, row, now)
            try:
                message = letters.write(row) if allowed else None
            except SQLAlchemyError:
                raise
            except Exception as error:  # noqa: BLE001 - one letter that cannot be written must not hold up the others
                place = traceback.extract_tb(error.__traceback__)[-1]
                words = f"could not be written: {type(error).__name__} at {place.name}:{place.lineno}"
                log.error("letter %s %s", row.public_id.hex(), words)  # noqa: TRY400 - its text may name a signer
                _retry(row, words, now)
                continue
            if message is None:
                _end(session, row, Progress.SILENT, "", now, letters)
            else:
                messages[row.id] = message
    return messages


def _send_one(opened: mail.TimedConnection, claimed: Claimed, row_id: int, message: Message, letters: Letters) -> None:
    try:
        mail.send(opened, message)
    except mail.Permanent as error:
        _mark(claimed, row_id, Progress.FAILED, str(error), letters)
    except mail.NoConnection as error:
        _put_off(claimed, row_id, str(error), letters)
        raise
    except mail.Temporary as error:
        _put_off(claimed, row_id, str(error), letters)
    else:
        _mark(claimed, row_id, Progress.SENT, "", letters)


def _mark(claimed: Claimed, row_id: int, progress: Progress, reply: str, letters: Letters) -> None:
    now = clock.now()
    with transaction() as session:
        row = _still_mine(session, claimed, row_id)
        if row is not None:
            row.attempts += 1
            _end(session, row, progress, reply, now, letters)


def _put_off(claimed: Claimed, row_id: int, reply: str, letters: Letters) -> None:
    now = clock.now()
    with transaction() as session:
        row = _still_mine(session, claimed, row_id)
        if row is not None and row.queued_at < now - backoff.GIVE_UP_AFTER:
            row.attempts += 1
            _end(session, row, Progress.FAILED, f"given up: {reply}", now, letters)
        elif row is not None:
            _retry(row, reply, now)


def _still_mine(session: Session, claimed: Claimed, row_id: int) -> OutboxRow | None:
    mine = (OutboxRow.id == row_id) & (OutboxRow.claim == claimed.claim)
    return session.scalars(select(OutboxRow).where(mine).with_for_update()).one_or_none()


def _end(session: Session, row: OutboxRow, progress: Progress, reply: str, now: datetime, letters: Letters) -> None:
    row.progress, row.reply, row.ended_at = progress, reply, now
    row.claim = row.leased_until = None
    letters.ended(session, row, now)


def _retry(row: OutboxRow, reply: str, now: datetime) -> None:
    row.attempts += 1
    row.reply = reply
    row.due_at = now + backoff.wait(row.attempts)
    row.claim = row.leased_until = None


def _release(claimed: Claimed, row_ids: list[int]) -> None:
    if row_ids:
        with transaction() as session:
            session.execute(
                update(OutboxRow)
                .where(OutboxRow.id.in_(row_ids), OutboxRow.claim == claimed.claim)
                .values(claim=None, leased_until=None)
                .execution_options(synchronize_session=False)
            )
