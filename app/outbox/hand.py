"""Letters in hand: written before the first of them leaves, and recorded together when they have left.

So they leave one right after the other, in the order of their forms. What a slow mail server has not taken after half a
second is taken back, to be decided anew.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from app import clock, counters
from app.changed_rows import Columns, change_rows
from app.db import transaction
from app.email.pipelining import ReadyMessage
from app.models import OutboxProgress, OutboxRow
from app.outbox import pace, record
from app.outbox.callbacks import LetterCallbacks
from app.outbox.claim import Claimed

# No letter is handed over that is older: it may have been cancelled, and those sent before it wait to be marked.
SECONDS_IN_HAND = 0.5
_OF_WAITING = ("claim", "leased_until", "provider_key", "leaves_at")


class Before(NamedTuple):
    """What a row of the outbox had before its letter was written."""

    allowed_at: datetime | None
    signature_id: int | None


@dataclass
class Hand:
    """The letters that are still to be handed over, by the ids of their rows in the order of departure.

    None is a row that gets no letter. Whoever hands a letter over takes it out, and puts the row into `sent` with the
    moment, or into `silent`. `before` has what was known of a row before it was written: when its letter was written
    earlier, and the signature that it was about. All are copies of mail merges, or none is.
    """

    waiting: dict[int, ReadyMessage | None]
    before: Mapping[int, Before]
    are_copies: bool
    sent: dict[int, datetime] = field(default_factory=dict)
    silent: list[int] = field(default_factory=list)


@contextmanager
def settling(claimed: Claimed, hand: Hand, letters: LetterCallbacks) -> Iterator[None]:
    """Record at the end, whatever comes between, what was sent and what is silent, and take back what still waits.

    It takes equally long whatever there is to record: who has a form in the next hand would see by its letter's time
    whether drafts were deleted in this one.
    """
    try:
        yield
    finally:
        if hand.sent or hand.silent or hand.waiting:
            began = time.monotonic()
            with transaction() as session:
                claimed.lock_all(session, [*hand.sent, *hand.silent, *hand.waiting])
                end = _end_copies if hand.are_copies else _end_others
                end(session, claimed, hand, letters)
                _take_back(session, claimed, hand, letters)
            pace.RECORDING.fill(began)


def _end_copies(session: Session, claimed: Claimed, hand: Hand, letters: LetterCallbacks) -> None:
    ended = {"reply": "", "ended_at": clock.now()} | dict.fromkeys(_OF_WAITING)
    draft_of: dict[bytes, Row[Any]] = {}
    for progress, row_ids in ((OutboxProgress.SENT, hand.sent), (OutboxProgress.SILENT, hand.silent)):
        if not row_ids:
            continue
        attempts = OutboxRow.attempts + (1 if progress == OutboxProgress.SENT else 0)
        mark = (
            update(OutboxRow).where(claimed.holds(row_ids)).values(ended | {"progress": progress, "attempts": attempts})
        )
        marked = mark.returning(OutboxRow.id, OutboxRow.draft_id, OutboxRow.signature_id)
        rows = session.execute(marked.execution_options(synchronize_session=False)).all()
        for _ in rows:
            counters.count(counters.EMAILS, progress)
        draft_of |= {row.draft_id: row for row in rows if row.draft_id}
    sent_at = {
        draft_id: hand.sent[row.id]
        for draft_id, row in draft_of.items()
        if row.id in hand.sent and row.signature_id is None
    }
    letters.ended_many(session, sent_at, [draft_id for draft_id in draft_of if draft_id not in sent_at])


def _end_others(session: Session, claimed: Claimed, hand: Hand, letters: LetterCallbacks) -> None:
    for row_id, at in hand.sent.items():
        record.end(session, claimed, row_id, OutboxProgress.SENT, "", at, letters)
    for row_id in hand.silent:
        record.end(session, claimed, row_id, OutboxProgress.SILENT, "", clock.now(), letters)


def _take_back(session: Session, claimed: Claimed, hand: Hand, letters: LetterCallbacks) -> None:
    """Make the rows that were not tried as they were before, whether they have a letter in hand or get none."""
    row_ids = [*hand.waiting]
    if not row_ids:
        return
    before = [hand.before[row_id] for row_id in row_ids]
    held: Columns = {"id": row_ids, "claim": [claimed.claim] * len(row_ids)}
    to: Columns = {
        "allowed_at": [one.allowed_at for one in before],
        "signature_id": [one.signature_id for one in before],
    }
    change_rows(session, OutboxRow, held, to)
    about = select(OutboxRow.draft_id).where(claimed.holds(row_ids))
    letters.take_back_many(session, [draft_id for draft_id in session.scalars(about) if draft_id])
