"""Deliver: send a batch of letters over one SMTP connection, and record the result of each."""

import time
from collections.abc import Callable
from datetime import datetime
from itertools import takewhile

from sqlalchemy.exc import SQLAlchemyError

from app import clock
from app.email import smtp
from app.email.domain import domain_of
from app.email.pipelining import ReadyMessage
from app.models import Occasion, OutboxProgress
from app.outbox import pace, record
from app.outbox.callbacks import LetterCallbacks
from app.outbox.claim import claim_due, release
from app.outbox.copies import write_copies
from app.outbox.hand import SECONDS_IN_HAND, Hand, settling
from app.outbox.pause_provider import pause_if_asked
from app.outbox.quota import ALL
from app.outbox.send_once import ONCE, OnceWay, send_once
from app.outbox.take_turns import end_turns, shaping, take_turns
from app.outbox.write_alone import write_alone, write_each

# For so long letters are written one by one before new ones are claimed: of these, forms with a proof go first.
SECONDS_ONE_BY_ONE = 1
TAKES_NO_MAIL = "the domain takes no mail"
# Letters that strangers can cause. When each leaves does not tell what others got (see app/outbox/pace.py).
BY_STRANGERS = {Occasion.SIGNED, Occasion.ENTRY, Occasion.ORGANISER}


def deliver(letters: LetterCallbacks, stopping: Callable[[], bool] = lambda: False) -> int:
    """Claim the letters that are due, confirmations first, and send them; return how many were claimed.

    Those that can be are written and marked together, those of half a second at most; so after a kill, what was sent of
    them is sent again, under the same Message-IDs. Raises smtp.NoConnection when the server cannot be reached, after
    the letters were deferred.
    """
    batch = _Batch(letters, stopping)
    try:
        batch.send()
    except smtp.NoConnection as error:
        for row_id in batch.unsent:
            record.defer(batch.claimed, row_id, str(error), letters)
        batch.unsent.clear()
        raise
    finally:
        batch.connection.close()
        try:
            end_turns(batch.claimed, batch.turns, batch.tried, batch.taken, batch.refused, batch.paused)
        finally:
            release(batch.claimed, [*batch.unsent, *batch.turns.back])
    return len(batch.claimed.occasions)


class _Batch:
    """The letters that were claimed, those of them that are `unsent` in their order, and the connection for all."""

    def __init__(self, letters: LetterCallbacks, stopping: Callable[[], bool]) -> None:
        self.claimed = claim_due()
        try:
            self.turns = take_turns(self.claimed, letters)
        except BaseException:
            release(self.claimed, [*self.claimed.occasions])
            raise
        self.unsent = [*self.turns.going]
        self.tried: set[int] = set()
        self.taken: set[int] = set()  # by the mail server
        self.refused: set[int] = set()
        self.paused: dict[bytes, datetime] = {}
        self.connection = smtp.SmtpConnection()
        self._letters = letters
        self._stopping = stopping

    def send(self) -> None:
        """Send them, as far as there is time, and take out of `unsent` what was tried or put off."""
        for row_id in self.turns.dead:
            record.mark(self.claimed, row_id, OutboxProgress.FAILED, TAKES_NO_MAIL, self._letters)
        self._send_copies()
        until = time.monotonic() + SECONDS_ONE_BY_ONE
        while self.unsent and self._may_go_on():
            if self._waits(self.unsent[0]):
                self.unsent.pop(0)
            elif self.claimed.occasions[self.unsent[0]] in ONCE:
                self._send_once(until)
            elif self.claimed.occasions[self.unsent[0]] in BY_STRANGERS:
                self._send_each()
            else:
                self._send_alone(self.unsent[0])
                self.unsent.pop(0)
            if time.monotonic() > until:
                break

    def _may_go_on(self) -> bool:
        return self.claimed.is_fresh() and not self._stopping() and ALL not in self.paused

    def _waits(self, row_id: int) -> bool:
        """Tell whether a row is to wait, as its provider has asked for a pause since."""
        return self.turns.provider_of.get(row_id) in self.paused

    def _send_copies(self) -> None:
        """Send copies for those rows that can have one.

        All are written at once. What a slow mail server has not taken in half a second is decided and written anew,
        twice as many at once as it took: so it gets no letter that was cancelled before, and what it took is marked
        soon.
        """
        waiting, size = [*self.unsent], len(self.unsent)
        while waiting and self._may_go_on():
            hand = write_copies(self.claimed, waiting[:size], self._letters)
            tried = self._send_in_order(hand)
            waiting = [row_id for row_id in (*hand.waiting, *waiting[size:]) if not self._waits(row_id)]
            size = 2 * tried or size

    def _send_each(self) -> None:
        """Write some of the first rows one by one, and send them.

        All are for the same occasion: the link to an entry counts on only when it was sent, and so would end the one in
        a letter about it that is in the same hand.
        """
        occasion = self.claimed.occasions[self.unsent[0]]
        first = [*takewhile(lambda row_id: self.claimed.occasions[row_id] == occasion, self.unsent)]
        hand, number = write_each(self.claimed, first, self._letters)
        for row_id in first[:number]:
            if row_id not in hand.waiting:  # it is put off
                self.unsent.remove(row_id)
        self._send_in_order(hand)

    def _send_once(self, until: float) -> None:
        """Send the first rows for as long as there is time, and give back those that were not tried."""
        first = [*takewhile(lambda row_id: self.claimed.occasions[row_id] in ONCE, self.unsent)]

        def may_go_on() -> bool:
            return self._may_go_on() and time.monotonic() < until

        way = OnceWay(self.connection, may_go_on, self._waits, self._refused)
        done = send_once(way, self.claimed, first, self._letters)
        self.tried.update(done)
        self.taken.update(set(done) - self.refused)
        release(self.claimed, [one for one in first if one not in self.tried and not self._waits(one)])
        self.unsent = self.unsent[len(first) :]

    def _send_in_order(self, hand: Hand) -> int:
        """Hand over the letters in hand for half a second, and return how many rows it were.

        Where a row gets no letter, the time passes that one takes, on a connection like any other: opening one takes
        longer. If the server kept us waiting before it greeted, or hung up, none is handed over until it is written
        anew.
        """
        tried, until = 0, time.monotonic() + SECONDS_IN_HAND
        with settling(self.claimed, hand, self._letters):
            was_open = self.connection.is_open
            if hand.waiting:
                self.connection.open()
            for row_id in [*hand.waiting]:
                if not self.connection.is_open or not self._may_go_on():
                    break
                if time.monotonic() > until and (tried or not was_open):
                    break
                if not self._waits(row_id):  # else it is taken back
                    self._send_or_wait(hand, row_id)
                    self.unsent.remove(row_id)
                    tried += 1
        return tried

    def _send_or_wait(self, hand: Hand, row_id: int) -> None:
        """Hand over this row's letter, or let the time of one pass if it gets none."""
        message = hand.waiting.pop(row_id)
        self.tried.add(row_id)
        timing = pace.COPIES if hand.are_copies else pace.OTHERS
        if message is None:
            timing.wait()
            hand.silent.append(row_id)
            return
        is_first, began = self.connection.is_new, time.perf_counter()
        if self._hand_over(message, row_id):
            self.taken.add(row_id)
            hand.sent[row_id] = clock.now()
            timing.add(domain_of(message.recipient), time.perf_counter() - began, is_first=is_first)

    def _send_alone(self, row_id: int) -> None:
        """Write and send one letter, and record the result. Raises only if mail server or database is not there."""
        self.connection.open()  # first: what is cancelled while the server keeps us waiting is not sent
        written = write_alone(self.claimed, row_id, self._letters)
        if written is None:
            return
        self.tried.add(row_id)
        if written.message is None:
            record.mark(self.claimed, row_id, OutboxProgress.SILENT, "", self._letters)
        elif self._hand_over(written.message, row_id):
            self.taken.add(row_id)
            record.mark(self.claimed, row_id, OutboxProgress.SENT, "", self._letters)

    def _hand_over(self, message: ReadyMessage, row_id: int) -> bool:
        """Hand over one letter; return whether it was taken, once a failure is recorded. Raises as `_send_alone`."""
        try:
            self.connection.send_ready(message)
        except (smtp.NoConnection, SQLAlchemyError):
            raise
        except smtp.SendingFailed as error:
            self._refused(row_id, error)
        except Exception as error:  # noqa: BLE001 - a letter that cannot be sent must not hold up the others
            record.defer_faulty(self.claimed, row_id, error, self._letters)
        else:
            return True
        return False

    def _refused(self, row_id: int, error: smtp.SendingFailed) -> None:
        """Record that a letter was refused: for good, for now, or with all others to its provider for a while."""
        self.refused.add(row_id)
        key = self.turns.provider_of.get(row_id)
        until = pause_if_asked(key, error, shaping())
        if until:
            self.paused[ALL if error.is_about_sender or key is None else key] = until
            asked = not error.is_about_sender
            record.pause(self.claimed, row_id, str(error), until, key, self._letters, asked_by_provider=asked)
        elif isinstance(error, smtp.Permanent):
            record.mark(self.claimed, row_id, OutboxProgress.FAILED, str(error), self._letters)
        else:
            record.defer(self.claimed, row_id, str(error), self._letters, was_refused=True)
