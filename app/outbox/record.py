"""Record what became of a letter: sent, failed, silent, or to be tried again."""

import logging
from datetime import datetime

from sqlalchemy.orm import Session

from app import clock, counters, logs
from app.db import transaction
from app.models import OutboxProgress, OutboxRow, Returned
from app.outbox import backoff
from app.outbox.callbacks import LetterCallbacks
from app.outbox.claim import Claimed
from app.outbox.enqueue import PRIORITY_REFUSED
from app.outbox.returned import record_returned, says_no_mailbox

PUT_OFF = "put-off"  # in the counter, beside how letters end: to be tried again
log = logging.getLogger(__name__)


def mark(claimed: Claimed, row_id: int, progress: OutboxProgress, reply: str, letters: LetterCallbacks) -> None:
    """Record how a letter ended, if this worker still holds its row."""
    with transaction() as session:
        end(session, claimed, row_id, progress, reply, clock.now(), letters)


def end(
    session: Session,
    claimed: Claimed,
    row_id: int,
    progress: OutboxProgress,
    reply: str,
    at: datetime,
    letters: LetterCallbacks,
) -> None:
    """Record how a letter ended at that moment, in the caller's transaction, if this worker still holds its row."""
    row = claimed.lock(session, row_id)
    if row is not None:
        row.attempts += progress != OutboxProgress.SILENT
        _end(session, row, progress, reply, at, letters)


def defer(claimed: Claimed, row_id: int, reply: str, letters: LetterCallbacks, *, was_refused: bool = False) -> None:
    """Have a letter tried again later, or give it up after days, if this worker still holds its row.

    One that was refused goes behind first tries: made-up addresses are refused for days, by the thousands.
    """
    now = clock.now()
    with transaction() as session:
        row = claimed.lock(session, row_id)
        if row is None:
            return
        is_hopeless = backoff.is_hopeless(row.attempts)
        row.attempts += 1
        if is_hopeless:
            _end(session, row, OutboxProgress.FAILED, f"given up: {reply}", now, letters)
        else:
            row.reply = reply
            row.priority = max(row.priority, PRIORITY_REFUSED) if was_refused else row.priority
            row.due_at = now + backoff.wait(row.attempts)
            row.claim = row.leased_until = None
            counters.count(counters.EMAILS, PUT_OFF)


def put_off(claimed: Claimed, row_id: int, reply: str, until: datetime, provider_key: bytes | None) -> None:
    """Have a letter tried again after a pause that its provider asked for; it is no attempt."""
    with transaction() as session:
        row = claimed.lock(session, row_id)
        if row is not None:
            row.reply, row.due_at, row.provider_key = reply, until, provider_key
            row.claim = row.leased_until = None
            counters.count(counters.EMAILS, PUT_OFF)


def defer_faulty(claimed: Claimed, row_id: int, error: Exception, letters: LetterCallbacks) -> None:
    """Have a letter tried again later that could not be made, and log why without words that may name a signer."""
    words = f"could not be made: {logs.describe_error(error)}"
    log.error("letter in outbox row %s %s", row_id, words)
    defer(claimed, row_id, words, letters)


def _end(
    session: Session, row: OutboxRow, progress: OutboxProgress, reply: str, at: datetime, letters: LetterCallbacks
) -> None:
    row.progress, row.reply, row.ended_at = progress, reply, at
    row.claim = row.leased_until = row.lane_key = row.provider_key = row.leaves_at = None
    counters.count(counters.EMAILS, progress)
    if progress != OutboxProgress.FAILED:  # a failed letter may be tried again
        row.sealed = None
    elif says_no_mailbox(reply):
        record_returned(session, row, Returned.HARD, at)
    letters.ended(session, row, at)
