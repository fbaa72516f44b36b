"""Copies: the letters to forms that have their turn are decided and written for many at once.

What has no copy is left to app/outbox/write_alone.py: a form without a proof of work, which may have to wait in the
slow lane, an address that needs quoting, and what is not about a form. That goes by what was typed alone.
"""

import logging
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app import clock, logs
from app.changed_rows import Columns, change_rows
from app.db import transaction
from app.models import Occasion, OutboxRow
from app.outbox.callbacks import FormRow, LetterCallbacks
from app.outbox.claim import Claimed
from app.outbox.hand import Before, Hand

log = logging.getLogger(__name__)


def write_copies(claimed: Claimed, row_ids: Sequence[int], letters: LetterCallbacks) -> Hand:
    """Write the letters of those of these claimed rows that can have a copy, each counted in the mailbox limit."""
    try:
        with transaction() as session:
            return _write(session, claimed, row_ids, letters)
    except SQLAlchemyError:
        raise
    except Exception as error:  # noqa: BLE001 - one by one, only the letter that cannot be made is held up
        log.error("letters are written one by one: %s", logs.describe_error(error))  # noqa: TRY400 - may name a signer
        return Hand({}, {}, are_copies=True)


def _write(session: Session, claimed: Claimed, row_ids: Sequence[int], letters: LetterCallbacks) -> Hand:
    now = clock.now()
    found = {row.id: row for row in session.execute(_FORMS.where(claimed.holds(row_ids)))}
    in_order = [found[row_id] for row_id in row_ids if row_id in found]
    rows = [FormRow(*tuple(row)[:-1]) for row in in_order]
    written = letters.write_many(session, rows, now)
    # A request counts also when it gets no letter: see DaysLetters.
    counted = [row_id for row_id, letter in written.items() if letter.message or letter.turn_at]
    to: Columns = {
        "allowed_at": [now] * len(counted),
        "signature_id": [written[row_id].signature_id for row_id in counted],
        "turn_at": [written[row_id].turn_at for row_id in counted],
    }
    change_rows(session, OutboxRow, {"id": counted}, to)
    return Hand(
        {row.id: written[row.id].message for row in rows if row.id in written},
        {row.id: Before(found[row.id].allowed_at, row.signature_id) for row in rows},
        are_copies=True,
    )


# Locked in the order in which a confirmation locks them.
_FORMS: Select[*tuple[Any, ...]] = (
    select(
        OutboxRow.id,
        OutboxRow.public_id,
        OutboxRow.draft_id,
        OutboxRow.petition_id,
        OutboxRow.mailbox,
        OutboxRow.is_tagged,
        OutboxRow.signature_id,
        OutboxRow.turn_at,
        OutboxRow.allowed_at,
    )
    .where(OutboxRow.occasion == Occasion.SIGNED, OutboxRow.had_proof_of_work, OutboxRow.mailbox.is_not(None))
    .order_by(OutboxRow.id)
    .with_for_update()
)
