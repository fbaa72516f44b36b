"""Queue a letter, in the transaction that causes it."""

import os
from datetime import datetime
from typing import Any

from sqlalchemy import ScalarSelect
from sqlalchemy.dialects import postgresql, sqlite

from app.db import insert
from app.models import Occasion, OutboxProgress, OutboxRow
from app.outbox.mailbox_limit import CountedMailbox

# The lowest number goes first: people wait in front of their screens for a confirmation letter.
PRIORITY_WITHOUT_PROOF = 1
PRIORITY = {
    Occasion.SIGNED: 0,
    Occasion.ORGANISER: 0,
    Occasion.ENTRY: PRIORITY_WITHOUT_PROOF,  # its form asks for none, so floods of it must not hold up the above
    Occasion.CONFIRMED: 2,
    Occasion.REMINDER: 2_000,  # behind all that the slow lane has deferred
    Occasion.NEWS: 20_000,
}
PRIORITY_OF_ORGANISERS = 3_000  # what they can cause: invitations, changes, notices
PRIORITY_REFUSED = 2  # at least, for what a mail server did not take at the first try
PRIORITY_DEFERRED = 3  # and more, by the turn of a network (see app/outbox/slow_lane.py)
# The reply that is kept of what a worker that died, or whose connection broke, may have sent (app/outbox/send_once.py).
UNCERTAIN = "may have been sent; not tried again"
PRIORITY_BY_STRANGER = 10_000  # requests for letters to organisers; one waits for a mailbox (see the model)


def new_letter(*about: Any, **more: Any) -> postgresql.Insert | sqlite.Insert:
    """Return the statement that queues one letter: see `letter_row` for what it takes."""
    return insert(OutboxRow).values(letter_row(*about, **more))


def letter_row(
    occasion: Occasion,
    at: datetime,
    petition_id: int,
    *,
    draft_id: bytes | None = None,
    signature_id: int | ScalarSelect[int] | None = None,
    mailbox: CountedMailbox | None = None,
    had_proof_of_work: bool = True,
    lane_key: bytes | None = None,
) -> dict[str, object]:
    """Return the row in the outbox of one letter about a draft or a signature, due from `at` on.

    `mailbox` is the one that letters which strangers can cause are counted for. `had_proof_of_work` is
    False if the form that causes it came without one; `lane_key` is then the keyed hash of its network.
    """
    return {
        "public_id": os.urandom(16),  # and `progress`: beside a CTE, SQLAlchemy leaves the defaults of columns out
        "progress": OutboxProgress.WAITING,
        "occasion": occasion,
        "priority": PRIORITY[occasion] if had_proof_of_work else max(PRIORITY[occasion], PRIORITY_WITHOUT_PROOF),
        "petition_id": petition_id,
        "draft_id": draft_id,
        "signature_id": signature_id,
        "mailbox": mailbox.key if mailbox else None,
        "is_tagged": bool(mailbox and mailbox.is_tagged),
        "had_proof_of_work": had_proof_of_work,
        "lane_key": None if had_proof_of_work else lane_key,
        "queued_at": at,
        "due_at": at,
    }
