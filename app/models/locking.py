"""The lock order: all transactions lock rows in the same order, so that no two deadlock.

First the petition, then letters of a mailbox's drafts, those drafts (by id), then signatures (newest first, as in lists
and bulk acts), then organisers' accounts. Where a statement locks several rows of a table, its ORDER BY keeps the
order; SKIP LOCKED needs none, as it never waits.
"""

from typing import TypeVar

from sqlalchemy import Select
from sqlalchemy.orm import Session

from app.models.organiser import Organiser
from app.models.signature import Signature

Statement = TypeVar("Statement", bound=Select)  # type: ignore[type-arg]


def signatures_in_lock_order(statement: Statement) -> Statement:
    """Return a statement that selects signatures to lock them, ordered by the lock order."""
    return statement.order_by(Signature.verified_at.desc(), Signature.public_id.desc())


def lock_organiser(session: Session, organiser_id: int) -> Organiser:
    """Lock an account until the transaction ends, and return it as it is now.

    Whoever changes it locks it first: its seal is its version, and a change of an older one is refused. The lock is FOR
    NO KEY UPDATE on PostgreSQL, so that rows which refer to it can be inserted meanwhile.
    """
    return session.get_one(Organiser, organiser_id, with_for_update={"key_share": True}, populate_existing=True)
