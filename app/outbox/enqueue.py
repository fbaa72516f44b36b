"""Queue a letter in the transaction that causes it."""

from datetime import datetime

from sqlalchemy import ScalarSelect, insert
from sqlalchemy.orm import Session

from app.models import Occasion, OutboxRow

# The lowest number goes first: people wait in front of their screens for a confirmation letter.
PRIORITY = {
    Occasion.SIGNED: 0,
    Occasion.ORGANISER: 0,
    Occasion.ENTRY: 0,
    Occasion.CONFIRMED: 2,
    Occasion.REMINDER: 2,
}
PRIORITY_WITHOUT_PROOF = 1
PRIORITY_DEFERRED = 3


def enqueue(
    session: Session,
    occasion: Occasion,
    petition_id: int,
    signature_id: int | ScalarSelect[int],
    at: datetime,
    mailbox: bytes | None = None,
    *,
    had_proof_of_work: bool = True,
) -> None:
    """Add one letter to the outbox; the caller commits.

    `mailbox` is the site-wide keyed hash of the mailbox, for letters that strangers can cause.
    `had_proof_of_work` is False if the form that causes it came without one.
    """
    row = {
        "occasion": occasion,
        "priority": PRIORITY[occasion] if had_proof_of_work else max(PRIORITY[occasion], PRIORITY_WITHOUT_PROOF),
        "petition_id": petition_id,
        "signature_id": signature_id,
        "mailbox": mailbox,
        "had_proof_of_work": had_proof_of_work,
        "queued_at": at,
        "due_at": at,
    }
    session.execute(insert(OutboxRow.__table__).values(row))  # type: ignore[arg-type]
