"""Deliver: send a batch of letters over one SMTP connection, and record the result of each."""

import time
from collections.abc import Callable
from itertools import takewhile

from flask_mail import Message
from sqlalchemy.exc import SQLAlchemyError

from app import clock
from app.email import smtp
from app.email.pipelining import ReadyMessage
from app.models import Occasion, OutboxProgress
from app.outbox import pace, record
from app.outbox.callbacks import LetterCallbacks
from app.outbox.claim import Claimed, claim_due, release
from app.outbox.copies import write_copies
from app.outbox.hand import SECONDS_IN_HAND, Hand, settling
from app.outbox.write_alone import write_alone, write_each

# Letters that strangers can cause. When each leaves does not tell what others got (see app/outbox/pace.py).
BY_STRANGERS = {Occasion.SIGNED, Occasion.ENTRY, Occasion.ORGANISER}


def deliver(letters: LetterCallbacks, stopping: Callable[[], bool] = lambda: False) -> int:
    """Claim the letters that are due, confirmations first, and send them; return how many were claimed.

    Those that can be are written and marked together, those of half a second at most; so after a kill, what was sent of
    them is sent again, under the same Message-IDs. Raises smtp.NoConnection when the server cannot be reached, after
    the letters were deferred.
    """
    claimed = claim_due()
    unsent = list(claimed.rows)
    connection = smtp.SmtpConnection()

    def may_go_on() -> bool:
        return claimed.is_fresh() and not stopping()

    try:
        _send_copies(connection, claimed, unsent, letters, may_go_on)
        while unsent and may_go_on():
            if claimed.rows[unsent[0]].occasion in BY_STRANGERS:
                _send_each(connection, claimed, unsent, letters, may_go_on)
            else:
                _send_alone(connection, claimed, unsent[0], letters)
                unsent.pop(0)
    except smtp.NoConnection as error:
        for row_id in unsent:
            record.defer(claimed, row_id, str(error), letters)
        unsent.clear()
        raise
    finally:
        connection.close()
        release(claimed, unsent)
    return len(claimed.rows)


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
        hand = write_copies(claimed, waiting[:size], letters)
        tried = _send_in_order(connection, claimed, hand, unsent, letters, may_go_on)
        waiting = [*hand.waiting, *hand.later, *waiting[size:]]
        size = 2 * tried or size


def _send_each(
    connection: smtp.SmtpConnection,
    claimed: Claimed,
    unsent: list[int],
    letters: LetterCallbacks,
    may_go_on: Callable[[], bool],
) -> None:
    """Write some of the first of the `unsent` rows one by one, send them, and take them out of the list."""
    first = list(takewhile(lambda row_id: claimed.rows[row_id].occasion in BY_STRANGERS, unsent))
    hand, number = write_each(claimed, first, letters)
    for row_id in first[:number]:
        if row_id not in hand.waiting:  # it is put off
            unsent.remove(row_id)
    _send_in_order(connection, claimed, hand, unsent, letters, may_go_on)


def _send_in_order(
    connection: smtp.SmtpConnection,
    claimed: Claimed,
    hand: Hand,
    unsent: list[int],
    letters: LetterCallbacks,
    may_go_on: Callable[[], bool],
) -> int:
    """Hand over the letters in hand for half a second, take their rows out of the list, and return how many it were.

    Where a row gets no letter, the time passes that one takes. If the server kept us waiting before it greeted, or hung
    up, none is handed over until it is written anew.
    """
    tried, until = 0, time.monotonic() + SECONDS_IN_HAND
    timing = pace.COPIES if hand.are_copies else pace.OTHERS
    with settling(claimed, hand, letters):

        def is_ready() -> bool:
            return connection.is_open or not any(hand.waiting.values())

        goes_at_once = is_ready()
        if not goes_at_once:
            connection.open()
        while hand.waiting and may_go_on() and (time.monotonic() < until or (goes_at_once and not tried)):
            if not is_ready():
                break
            row_id = next(iter(hand.waiting))
            message = hand.waiting.pop(row_id)
            if message is None:
                timing.wait()
                hand.silent.append(row_id)
            else:
                is_first, began = connection.is_new, time.perf_counter()
                if _send(connection, message, claimed, row_id, letters):
                    hand.sent[row_id] = clock.now()
                if connection.is_open:  # else it took as long as a fault does
                    timing.add(time.perf_counter() - began, is_first=is_first)
            unsent.remove(row_id)
            tried += 1
    return tried


def _send_alone(connection: smtp.SmtpConnection, claimed: Claimed, row_id: int, letters: LetterCallbacks) -> None:
    """Write and send one letter, and record the result. Raises only if mail server or database cannot be reached."""
    connection.open()  # first: what is cancelled while the server keeps us waiting is not sent
    written = write_alone(claimed, row_id, letters)
    if written is None:
        return
    if written.message is None:
        record.mark(claimed, row_id, OutboxProgress.SILENT, "", letters)
    elif _send(connection, written.message, claimed, row_id, letters):
        record.mark(claimed, row_id, OutboxProgress.SENT, "", letters)


def _send(
    connection: smtp.SmtpConnection,
    message: ReadyMessage | Message,
    claimed: Claimed,
    row_id: int,
    letters: LetterCallbacks,
) -> bool:
    """Send one letter; return whether it was sent, once a failure is recorded. Raises as `_send_alone` does."""
    try:
        if isinstance(message, ReadyMessage):
            connection.send_ready(message)
        else:
            connection.send(message)
    except (smtp.NoConnection, SQLAlchemyError):
        raise
    except smtp.Permanent as error:
        record.mark(claimed, row_id, OutboxProgress.FAILED, str(error), letters)
    except smtp.Temporary as error:
        record.defer(claimed, row_id, str(error), letters)
    except Exception as error:  # noqa: BLE001 - a letter that cannot be sent must not hold up the others
        record.defer_faulty(claimed, row_id, error, letters)
    else:
        return True
    return False
