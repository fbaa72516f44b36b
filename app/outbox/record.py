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
        if row is None or _is_given_up(session, row, reply, now, letters):
            return
        row.attempts += 1
        row.priority = max(row.priority, PRIORITY_REFUSED) if was_refused else row.priority
        _let_wait(row, reply, now + backoff.wait(row.attempts))


def pause(
    claimed: Claimed,
    row_id: int,
    reply: str,
    until: datetime,
    provider_key: bytes | None,
    letters: LetterCallbacks,
    *,
    asked_by_provider: bool,
) -> None:
    """Have a letter tried again after a pause that its provider asked for, or all wait for; or give it up as `defer`.

    After a pause of its provider it goes behind first tries, and waits as long again as it has waited: the answer may
    be meant for its mailbox alone. A pause of all is no attempt: the relay refuses whoever sends.
    """
    now = clock.now()
    with transaction() as session:
        row = claimed.lock(session, row_id)
        if row is None or (asked_by_provider and _is_given_up(session, row, reply, now, letters)):
            return
        row.provider_key = provider_key
        if asked_by_provider:
            until += row.attempts * backoff.MEAN_WAIT
            row.attempts += backoff.attempts_in(until - now)
            row.priority = max(row.priority, PRIORITY_REFUSED)
        _let_wait(row, reply, until)


def defer_faulty(claimed: Claimed, row_id: int, error: Exception, letters: LetterCallbacks) -> None:
    """Have a letter tried again later that could not be made, and log why without words that may name a signer."""
    words = f"could not be made: {logs.describe_error(error)}"
    log.error("letter in outbox row %s %s", row_id, words)
    defer(claimed, row_id, words, letters)


def _is_given_up(session: Session, row: OutboxRow, reply: str, now: datetime, letters: LetterCallbacks) -> bool:
    if not backoff.is_hopeless(row.attempts):
        return False
    row.attempts += 1
    _end(session, row, OutboxProgress.FAILED, f"given up: {reply}", now, letters)
    return True


def _let_wait(row: OutboxRow, reply: str, until: datetime) -> None:
    row.reply, row.due_at = reply, until
    row.claim = row.leased_until = None
    counters.count(counters.EMAILS, PUT_OFF)


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
