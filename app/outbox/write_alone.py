"""Write the letter of one row of the outbox, counted in the mailbox limit, when its turn in the slow lane has come."""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from flask_mail import Message
from sqlalchemy.exc import SQLAlchemyError

from app import clock
from app.db import transaction
from app.email import smtp
from app.email.pipelining import ReadyMessage
from app.outbox import mailbox_limit, pace, record, slow_lane
from app.outbox.callbacks import LetterCallbacks
from app.outbox.claim import Claimed
from app.outbox.hand import SECONDS_IN_HAND, Hand


class Written(NamedTuple):
    """A row's letter, None if it gets none; and when one was written before, if one was."""

    message: ReadyMessage | Message | None
    allowed_before: datetime | None


def write_each(claimed: Claimed, row_ids: Sequence[int], letters: LetterCallbacks) -> tuple[Hand, int]:
    """Write the letters of the first of these claimed rows, one by one; return them, and how many rows they were.

    It takes equally long for each row, whatever its letter is, and no time for those that are put off.
    """
    waiting: dict[int, ReadyMessage | Message | None] = {}
    allowed_before: dict[int, datetime | None] = {}
    until = time.monotonic() + SECONDS_IN_HAND / 2
    number = 0
    while number < len(row_ids) and (not number or time.monotonic() < until):
        began = time.monotonic()
        written = write_alone(claimed, row_ids[number], letters)
        if written is not None:
            waiting[row_ids[number]], allowed_before[row_ids[number]] = written
            pace.wait_until(began + pace.WRITING_SECONDS)
        number += 1
    return Hand(waiting, allowed_before, are_copies=False), number


def write_alone(claimed: Claimed, row_id: int, letters: LetterCallbacks) -> Written | None:
    """Write one row's letter, if it gets one; None if it is put off, or no longer this worker's.

    What the mailbox did decides only whether a letter goes out when its turn has come, not when that is: others wait in
    the same lane, and would see it by when their own letters come.
    """
    try:
        return _write(claimed, row_id, letters)
    except SQLAlchemyError:
        raise
    except Exception as error:  # noqa: BLE001 - a letter that cannot be made must not hold up the others
        record.defer_faulty(claimed, row_id, error, letters)
        return None


def _write(claimed: Claimed, row_id: int, letters: LetterCallbacks) -> Written | None:
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
        before = row.allowed_at
        if write is None or not has_room or is_one_too_many:
            return Written(None, before)
        row.allowed_at = now
        return Written(smtp.make_ready(write()), before)
