"""Send once: e-mails that must never come twice, whoever is killed when.

Each is handed over up to the end of its content and marked as sent; only then does the server get the final dot,
without which it has nothing to deliver. A worker that dies before the mark has sent nothing, and another one tries
again. One that dies after it, or whose connection breaks there, may have sent it: the mark says so, and it is not tried
again. So that few die between the two, the dot follows when the commit of the mark is on its way. The mark of what the
server has accepted is made good with that of the next, so each takes one commit.
"""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import NamedTuple

from sqlalchemy import ColumnElement, case, or_, true, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from app import clock, counters, logs
from app.db import is_one_of, transaction
from app.email import smtp
from app.models import Occasion, OutboxProgress, OutboxRow
from app.outbox import record
from app.outbox.callbacks import LetterCallbacks, OnceLetter
from app.outbox.claim import Claimed
from app.outbox.enqueue import UNCERTAIN
from app.outbox.start_commit import start_commit

ONCE = {Occasion.NEWS}
SECONDS_BETWEEN_MARKS = 0.5
log = logging.getLogger(__name__)


class OnceWay(NamedTuple):
    """The way that letters take: the connection; whether there is time, and whether a row waits for its provider.

    `refused` records that a letter was refused.
    """

    connection: smtp.SmtpConnection
    may_go_on: Callable[[], bool]
    waits: Callable[[int], bool]
    refused: Callable[[int, smtp.SendingFailed], None]


def send_once(way: OnceWay, claimed: Claimed, row_ids: Sequence[int], letters: LetterCallbacks) -> list[int]:
    """Write and send these claimed rows' letters; return the rows that were tried, or get none.

    The others wait on: there was no time, or they are not to be sent at present. Raises smtp.NoConnection as `deliver`
    does, before anything is written: what is cancelled while the server keeps us waiting is not sent. Where one letter
    cannot be made, each is written by itself, so that it does not hold up the others.
    """
    way.connection.open()
    try:
        with transaction() as session:
            written = letters.write_once(session, row_ids)
    except SQLAlchemyError:
        raise
    except Exception as error:  # noqa: BLE001 - a letter that cannot be made must not hold up the others
        if len(row_ids) > 1:
            return [one for row_id in row_ids if way.may_go_on() for one in send_once(way, claimed, [row_id], letters)]
        record.defer_faulty(claimed, row_ids[0], error, letters)
        return [*row_ids]
    hand = _Hand(way, claimed, letters)
    try:
        for row_id, letter in written.items():
            if not way.may_go_on():
                break
            if not way.waits(row_id):
                hand.send(row_id, letter)
    finally:
        hand.settle()
    return hand.tried


class _Hand:
    """Sends one letter after the other. `tried` has the rows that need not be given back."""

    def __init__(self, way: OnceWay, claimed: Claimed, letters: LetterCallbacks) -> None:
        self.tried: list[int] = []
        self._way = way
        self._claimed = claimed
        self._letters = letters
        self._accepted: list[int] = []
        self._uncertain: list[int] = []

    def send(self, row_id: int, letter: OnceLetter | None) -> None:
        """Send one letter, and record the result. Raises only if mail server or database is not there."""
        if letter is None:
            record.mark(self._claimed, row_id, OutboxProgress.SILENT, "", self._letters)
        elif not self._hand_over(row_id, letter):
            return  # it is not to be sent any more, or not now: that is decided anew
        self.tried.append(row_id)

    def settle(self) -> None:
        """Take the doubt from the letters that the server has accepted."""
        if self._accepted or self._uncertain:
            with transaction() as session:
                self._settle(session)
            self._forget_settled()

    def _hand_over(self, row_id: int, letter: OnceLetter) -> bool:
        marked: list[int] = []
        try:
            is_accepted = self._send(row_id, letter, marked)
        except smtp.NoConnection:
            raise
        except SQLAlchemyError:
            if not marked:
                raise
            self._mark_again(row_id)
            self._uncertain.append(row_id)
        except smtp.SendingFailed as error:
            self._failed(row_id, error, was_marked=bool(marked))
        except Exception as error:  # noqa: BLE001 - a letter that cannot be sent must not hold up the others
            if marked:
                log.error("outbox row %s: %s", row_id, logs.describe_error(error))  # noqa: TRY400 - may name a signer
                self._uncertain.append(row_id)
            else:
                record.defer_faulty(self._claimed, row_id, error, self._letters)
        else:
            if not is_accepted:
                return False
            self._accepted.append(row_id)
            counters.count(counters.EMAILS, OutboxProgress.SENT)
        return True

    def _send(self, row_id: int, letter: OnceLetter, marked: list[int]) -> bool:
        """Send a letter if it is still to be; its row is then `marked`, and that committed, whatever is raised.

        It raises SQLAlchemyError if the mark was not committed.
        """
        with ExitStack() as stack:

            def mark() -> bool:
                session = stack.enter_context(transaction())
                found = self._mark(session, row_id, letter.still_due)
                stack.callback(self._wait_until_marked, start_commit(session))
                marked.extend(found)
                return bool(found)

            return self._way.connection.send_if(letter.message, mark)

    def _wait_until_marked(self, wait_until_committed: Callable[[], None]) -> None:
        wait_until_committed()
        self._forget_settled()

    def _mark_again(self, row_id: int) -> None:
        """Mark a letter that the server may have had while the database went away; nobody else claims it until then."""
        while True:
            try:
                with transaction() as session:
                    self._mark(session, row_id, true())
            except SQLAlchemyError:
                if not self._claimed.is_fresh():
                    log.error("outbox row %s was sent, and the database is away: it may be sent again", row_id)  # noqa: TRY400
                    raise
                time.sleep(SECONDS_BETWEEN_MARKS)
            else:
                return self._forget_settled()

    def _failed(self, row_id: int, error: smtp.SendingFailed, *, was_marked: bool) -> None:
        if was_marked and isinstance(error, smtp.NoAnswer):
            self._uncertain.append(row_id)
            return
        if was_marked:
            with transaction() as session:
                self._unmark(session, row_id)
        self._way.refused(row_id, error)

    def _mark(self, session: Session, row_id: int, still_due: ColumnElement[bool]) -> list[int]:
        """Mark a letter as sent if it still is to be, and settle those before it; return its row if it was marked."""
        is_this = OutboxRow.id == row_id
        still_due = is_this & (OutboxRow.progress == OutboxProgress.WAITING) & still_due
        theirs = self._claimed.holds([row_id, *self._accepted, *self._uncertain])
        change = update(OutboxRow).where(theirs, or_(~is_this, still_due))
        change = change.values(
            progress=OutboxProgress.SENT,
            reply=case((is_this | is_one_of(OutboxRow.id, self._uncertain), UNCERTAIN), else_=""),
            provider_key=None,
            leaves_at=None,
            claim=case((is_this, OutboxRow.claim), else_=None),
            leased_until=case((is_this, OutboxRow.leased_until), else_=None),
            attempts=OutboxRow.attempts + case((is_this, 1), else_=0),
            ended_at=case((is_this, clock.now()), else_=OutboxRow.ended_at),
        )
        # Core alone: the ORM takes longer over it than the database.
        changed = session.connection().execute(change.returning(OutboxRow.id)).scalars()
        return [one for one in changed if one == row_id]

    def _unmark(self, session: Session, row_id: int) -> None:
        """Let a letter wait again that the server has refused at the end."""
        waits = {"progress": OutboxProgress.WAITING, "reply": "", "ended_at": None, "attempts": OutboxRow.attempts - 1}
        change = update(OutboxRow).where(self._claimed.holds([row_id])).values(waits)
        self._execute(session, change.returning(OutboxRow.id))

    def _settle(self, session: Session) -> None:
        free: dict[str, object] = {"claim": None, "leased_until": None}
        for row_ids, values in ((self._accepted, free | {"reply": ""}), (self._uncertain, free)):
            if row_ids:
                change = update(OutboxRow).where(self._claimed.holds(row_ids)).values(values)
                self._execute(session, change.returning(OutboxRow.id))

    def _forget_settled(self) -> None:
        self._accepted.clear()
        self._uncertain.clear()

    def _execute(self, session: Session, change: ReturningUpdate[int]) -> Sequence[int]:
        return session.scalars(change.execution_options(synchronize_session=False)).all()
