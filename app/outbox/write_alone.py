"""Write the letter of one row of the outbox, counted in the mailbox limit, when its turn in the slow lane has come."""

import time
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy.exc import SQLAlchemyError

from app import clock
from app.db import advisory_lock, transaction
from app.email.letter import make_ready
from app.email.pipelining import ReadyMessage
from app.models import Occasion
from app.outbox import mailbox_limit, pace, record, slow_lane
from app.outbox.callbacks import LetterCallbacks
from app.outbox.claim import Claimed
from app.outbox.hand import SECONDS_IN_HAND, Before, Hand

# What strangers can ask for in somebody's name: it counts, whatever comes of it.
REQUESTS = {Occasion.SIGNED, Occasion.ENTRY}


class Written(NamedTuple):
    """A row's letter, None if it gets none; and what the row had before."""

    message: ReadyMessage | None
    before: Before


def write_each(claimed: Claimed, row_ids: Sequence[int], letters: LetterCallbacks) -> tuple[Hand, int]:
    """Write the letters of the first of these claimed rows, one by one; return them, and how many rows they were.

    It takes equally long for each row, whatever its letter is, and no time for those that are put off.
    """
    waiting: dict[int, ReadyMessage | None] = {}
    before: dict[int, Before] = {}
    until = time.monotonic() + SECONDS_IN_HAND / 2
    number = 0
    while number < len(row_ids) and (not number or time.monotonic() < until):
        row_id, began = row_ids[number], time.monotonic()
        written = write_alone(claimed, row_id, letters)
        if written is not None:
            waiting[row_id], before[row_id] = written
            pace.WRITING.fill(began)
        number += 1
    return Hand(waiting, before, are_copies=False), number


def write_alone(claimed: Claimed, row_id: int, letters: LetterCallbacks) -> Written | None:
    """Write one row's letter, if it gets one; None if it is put off, or no longer this worker's.

    What the mailbox did decides only whether a letter goes out when its turn has come, not when that is, and is looked
    at only then: others wait in the same lane, and would see it by when their own letters come.
    """
    try:
        return _write(claimed, row_id, letters) if _has_turn(claimed, row_id) else None
    except SQLAlchemyError:
        raise
    except Exception as error:  # noqa: BLE001 - a letter that cannot be made must not hold up the others
        record.defer_faulty(claimed, row_id, error, letters)
        return None


def _has_turn(claimed: Claimed, row_id: int) -> bool:
    """Tell whether this row need not wait in the slow lane, or never goes through it; else put it off."""
    with transaction() as session:
        row = claimed.lock(session, row_id)
        if row is None:
            return False
        now = clock.now()
        advisory_lock(session, *([row.mailbox] if row.mailbox else []))
        return slow_lane.is_one_too_many(session, row, now) or not slow_lane.must_wait(session, row, now)


def _write(claimed: Claimed, row_id: int, letters: LetterCallbacks) -> Written | None:
    now = clock.now()
    with transaction() as session:
        row = claimed.lock(session, row_id)
        if row is None:
            return None
        before = Before(row.allowed_at, row.signature_id)
        write = letters.choose(row)
        of_the_day = mailbox_limit.DaysLetters(session, [row.mailbox] if row.mailbox else [], now)
        has_room = row.mailbox is None or of_the_day.leave_room(row, [row.mailbox])
        had_turn = row.had_proof_of_work or row.turn_at is not None
        is_request = row.occasion in REQUESTS and of_the_day.leave_turn(row)
        if is_request and row.had_proof_of_work:
            row.turn_at = row.turn_at or now
        is_silent = write is None or not has_room or not had_turn
        # A turn in the slow lane alone is no request: there are more of these than letters for a mailbox.
        if not is_silent or (is_request and row.turn_at is not None):
            row.allowed_at = now
        return Written(None if is_silent or write is None else make_ready(write()), before)
