"""Copies: confirmations that nothing speaks against are written for many at once, and marked at once when sent.

What a slow mail server has not taken after half a second is taken back, to be decided anew. A letter that asks for a
second look (tried before, caused without a proof of work, to a mailbox that was written to today) is left to
app/outbox/deliver.py, which decides one by one.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app import clock, counters, logs
from app.db import transaction
from app.email.pipelining import ReadyMessage
from app.models import Occasion, OutboxProgress, OutboxRow
from app.outbox import mailbox_limit
from app.outbox.callbacks import LetterCallbacks
from app.outbox.claim import Claimed

# No copy is handed over that is older: it may have been cancelled, and those sent before it wait to be marked.
SECONDS_IN_HAND = 0.5
log = logging.getLogger(__name__)


def write_copies(claimed: Claimed, row_ids: Sequence[int], letters: LetterCallbacks) -> dict[int, ReadyMessage]:
    """Return copies by the ids of those of these claimed rows that can have one, each counted in the mailbox limit."""
    try:
        with transaction() as session:
            return _write_copies(session, claimed, row_ids, letters)
    except SQLAlchemyError:
        raise
    except Exception as error:  # noqa: BLE001 - one by one, only the letter that cannot be made is held up
        log.error("letters are written one by one: %s", logs.describe_error(error))  # noqa: TRY400 - may name a signer
        return {}


@contextmanager
def marking(
    claimed: Claimed, written: Mapping[int, ReadyMessage], letters: LetterCallbacks
) -> Iterator[dict[int, datetime]]:
    """Give a mapping for the ids of rows whose copies were sent, and when, and mark them at the end.

    What is then still in `written` was not handed over and is taken back. Both happen whatever comes between.
    """
    sent: dict[int, datetime] = {}
    try:
        yield sent
    finally:
        if sent or written:
            with transaction() as session:
                claimed.lock_all(session, [*sent, *written])
                _mark_sent(session, claimed, sent, letters)
                _take_back(session, claimed, list(written), letters)


def _write_copies(
    session: Session, claimed: Claimed, row_ids: Sequence[int], letters: LetterCallbacks
) -> dict[int, ReadyMessage]:
    now = clock.now()
    untried = (OutboxRow.attempts == 0) & OutboxRow.allowed_at.is_(None)
    by_form = (OutboxRow.occasion == Occasion.SIGNED) & OutboxRow.had_proof_of_work
    about_draft = OutboxRow.draft_id.is_not(None) & OutboxRow.signature_id.is_(None) & OutboxRow.mailbox.is_not(None)
    rows = session.execute(
        select(OutboxRow.id, OutboxRow.public_id, OutboxRow.draft_id, OutboxRow.mailbox)
        .where(claimed.holds(row_ids), untried, by_form, about_draft)
        .order_by(OutboxRow.id)  # the order in which a confirmation locks them
        .with_for_update()
    ).all()
    first_to_mailbox = {row.mailbox: row for row in reversed(rows)}
    written_to = mailbox_limit.lock_and_find_written_to(session, first_to_mailbox, now)
    candidates = [row for row in rows if first_to_mailbox[row.mailbox] is row and row.mailbox not in written_to]
    copies = letters.write_many(session, {row.draft_id: row.public_id for row in candidates}, now)
    by_row = {row.id: copies[row.draft_id] for row in candidates if row.draft_id in copies}
    allow = update(OutboxRow).where(OutboxRow.id.in_(by_row)).values(allowed_at=now, lane_key=None)
    session.execute(allow.execution_options(synchronize_session=False))
    return by_row


def _mark_sent(session: Session, claimed: Claimed, sent: Mapping[int, datetime], letters: LetterCallbacks) -> None:
    if not sent:
        return
    mark = update(OutboxRow).where(claimed.holds(sent))
    ended = {"progress": OutboxProgress.SENT, "reply": "", "ended_at": clock.now(), "claim": None, "leased_until": None}
    marked = mark.values(ended | {"attempts": OutboxRow.attempts + 1}).returning(OutboxRow.id, OutboxRow.draft_id)
    rows = session.execute(marked.execution_options(synchronize_session=False)).all()
    for _ in rows:
        counters.count(counters.EMAILS, OutboxProgress.SENT)
    letters.sent_many(session, {row.draft_id: sent[row.id] for row in rows if row.draft_id})


def _take_back(session: Session, claimed: Claimed, row_ids: Sequence[int], letters: LetterCallbacks) -> None:
    if not row_ids:
        return
    take_back = update(OutboxRow).where(claimed.holds(row_ids)).values(allowed_at=None).returning(OutboxRow.draft_id)
    draft_ids = session.scalars(take_back.execution_options(synchronize_session=False)).all()
    letters.take_back_many(session, [draft_id for draft_id in draft_ids if draft_id])
