"""Copies: confirmations that nothing speaks against are written for many at once, and marked at once when sent.

A letter that asks for a second look (tried before, caused without a proof of work, to a mailbox that was written to
today) is left to app/outbox/deliver.py, which decides one by one.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

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

log = logging.getLogger(__name__)


def write_copies(claimed: Claimed, letters: LetterCallbacks) -> dict[int, ReadyMessage]:
    """Return copies by the ids of those claimed rows that can have one; each is counted in the mailbox limit."""
    if not claimed.ids:
        return {}
    try:
        with transaction() as session:
            return _write_copies(session, claimed, letters)
    except SQLAlchemyError:
        raise
    except Exception as error:  # noqa: BLE001 - one by one, only the letter that cannot be made is held up
        log.error("letters are written one by one: %s", logs.describe_error(error))  # noqa: TRY400 - may name a signer
        return {}


@contextmanager
def marking(claimed: Claimed, letters: LetterCallbacks) -> Iterator[list[int]]:
    """Give a list for the ids of rows whose copies were sent, and mark them at the end, whatever comes between."""
    sent: list[int] = []
    try:
        yield sent
    finally:
        if sent:
            with transaction() as session:
                _mark_sent(session, claimed, sent, letters)


def _write_copies(session: Session, claimed: Claimed, letters: LetterCallbacks) -> dict[int, ReadyMessage]:
    now = clock.now()
    untried = (OutboxRow.attempts == 0) & OutboxRow.allowed_at.is_(None)
    by_form = (OutboxRow.occasion == Occasion.SIGNED) & OutboxRow.had_proof_of_work
    about_draft = OutboxRow.draft_id.is_not(None) & OutboxRow.signature_id.is_(None) & OutboxRow.mailbox.is_not(None)
    rows = session.execute(
        select(OutboxRow.id, OutboxRow.public_id, OutboxRow.draft_id, OutboxRow.mailbox)
        .where(claimed.holds(claimed.ids), untried, by_form, about_draft)
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


def _mark_sent(session: Session, claimed: Claimed, row_ids: list[int], letters: LetterCallbacks) -> None:
    now = clock.now()
    mark = update(OutboxRow).where(claimed.holds(row_ids))
    ended = {"progress": OutboxProgress.SENT, "reply": "", "ended_at": now, "claim": None, "leased_until": None}
    marked = mark.values(ended | {"attempts": OutboxRow.attempts + 1}).returning(OutboxRow.draft_id)
    draft_ids = session.scalars(marked.execution_options(synchronize_session=False)).all()
    for _ in draft_ids:
        counters.count(counters.EMAILS, OutboxProgress.SENT)
    letters.sent_many(session, [draft_id for draft_id in draft_ids if draft_id], now)
