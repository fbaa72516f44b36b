"""Deliver: send a batch of letters over one SMTP connection, and record the result of each."""

import logging
import time
from collections.abc import Callable
from datetime import datetime

from flask_mail import Message
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app import clock, counters, logs
from app.db import transaction
from app.email import smtp
from app.email.pipelining import ReadyMessage
from app.models import OutboxProgress, OutboxRow
from app.outbox import backoff, copies, mailbox_limit, slow_lane
from app.outbox.callbacks import LetterCallbacks
from app.outbox.claim import Claimed, claim_due, release

PUT_OFF = "put-off"  # in the counter, beside how letters end: to be tried again
log = logging.getLogger(__name__)


def deliver(letters: LetterCallbacks, stopping: Callable[[], bool] = lambda: False) -> int:
    """Claim the letters that are due, confirmations first, and send them; return how many were claimed.

    Those that can be are written and marked together, those of half a second at most; so after a kill, what was sent of
    them is sent again, under the same Message-IDs. Raises smtp.NoConnection when the server cannot be reached, after
    the letters were deferred.
    """
    claimed = claim_due()
    unsent = list(claimed.ids)
    connection = smtp.SmtpConnection()

    def may_go_on() -> bool:
        return claimed.is_fresh() and not stopping()

    try:
        _send_copies(connection, claimed, unsent, letters, may_go_on)
        while unsent and may_go_on():
            _write_and_send(connection, claimed, unsent[0], letters)
            unsent.pop(0)
    except smtp.NoConnection as error:
        for row_id in unsent:
            _defer(claimed, row_id, str(error), letters)
        unsent.clear()
        raise
    finally:
        connection.close()
        release(claimed, unsent)
    return len(claimed.ids)


def _send_copies(
    connection: smtp.SmtpConnection,
    claimed: Claimed,
    unsent: list[int],
    letters: LetterCallbacks,
    may_go_on: Callable[[], bool],
) -> None:
    """Send copies for those of the `unsent` rows that can have one, and take the rows that were tried out of the list.

    All are written at once. What a slow mail server has not taken in half a second is decided and written anew, twice
    as many at once as it took: so it gets no letter that was cancelled before, and what it took is marked soon.
    """
    waiting, size = list(unsent), len(unsent)
    while waiting and may_go_on():
        written = copies.write_copies(claimed, waiting[:size], letters)
        tried, until = 0, time.monotonic() + copies.SECONDS_IN_HAND
        with copies.marking(claimed, written, letters) as sent:
            while written and may_go_on() and (not tried or time.monotonic() < until):
                row_id = next(iter(written))
                if _send_copy(connection, written.pop(row_id), claimed, row_id, letters):
                    sent[row_id] = clock.now()
                unsent.remove(row_id)
                tried += 1
        waiting = [*written, *waiting[size:]]
        size = 2 * tried or size


def _send_copy(
    connection: smtp.SmtpConnection, copy: ReadyMessage, claimed: Claimed, row_id: int, letters: LetterCallbacks
) -> bool:
    """Send one copy; return whether it was sent, once a failure is recorded. Raises as `_write_and_send` does."""

    def send() -> bool:
        connection.send_ready(copy)
        return True

    return _attempt(send, claimed, row_id, letters)


def _write_and_send(connection: smtp.SmtpConnection, claimed: Claimed, row_id: int, letters: LetterCallbacks) -> None:
    """Write and send one letter, and record the result. Raises only if mail server or database cannot be reached."""

    def write_and_send() -> bool:
        message = _write(claimed, row_id, letters)
        if message is not None:
            connection.send(message)
        return message is not None

    if _attempt(write_and_send, claimed, row_id, letters):
        _mark(claimed, row_id, OutboxProgress.SENT, "", letters)


def _attempt(send: Callable[[], bool], claimed: Claimed, row_id: int, letters: LetterCallbacks) -> bool:
    """Call `send`, which tells whether it sent the letter of a row; return that, once a failure is recorded."""
    try:
        return send()
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
    return False


def _write(claimed: Claimed, row_id: int, letters: LetterCallbacks) -> Message | None:
    """Return a row's message, counted in the mailbox limit; None if the claim is lost, it must wait, or none is due.

    What the mailbox did decides only whether a letter goes out when its turn has come, not when that is: others wait in
    the same lane, and would see it by when their own letters come.
    """
    now = clock.now()
    with transaction() as session:
        row = claimed.lock(session, row_id)
        if row is None:
            return None
        write = letters.choose(row)
        has_room = mailbox_limit.has_room(session, row, now)
        is_one_too_many = slow_lane.is_one_too_many(session, row, now)
        if not is_one_too_many and slow_lane.must_wait(session, row, now):
            return None
        if write is None or not has_room or is_one_too_many:
            _end(session, row, OutboxProgress.SILENT, "", now, letters)
            return None
        row.allowed_at = now
        return write()


def _mark(claimed: Claimed, row_id: int, progress: OutboxProgress, reply: str, letters: LetterCallbacks) -> None:
    now = clock.now()
    with transaction() as session:
        row = claimed.lock(session, row_id)
        if row is not None:
            row.attempts += 1
            _end(session, row, progress, reply, now, letters)


def _defer(claimed: Claimed, row_id: int, reply: str, letters: LetterCallbacks) -> None:
    now = clock.now()
    with transaction() as session:
        row = claimed.lock(session, row_id)
        if row is not None and backoff.is_hopeless(row.attempts, now - row.queued_at):
            row.attempts += 1
            _end(session, row, OutboxProgress.FAILED, f"given up: {reply}", now, letters)
        elif row is not None:
            _retry(row, reply, now)


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
