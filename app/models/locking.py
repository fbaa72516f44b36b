"""The lock order: all transactions lock rows in the same order, so that no two deadlock.

First the petition, then letters of a mailbox's drafts, those drafts (by id), then signatures (newest first, as in lists
and bulk acts), then organisers' accounts. Where a statement locks several rows of a table, its ORDER BY keeps the
order; SKIP LOCKED needs none, as it never waits.
"""

from typing import TypeVar

from sqlalchemy import Select

from app.models.signature import Signature

Statement = TypeVar("Statement", bound=Select)  # type: ignore[type-arg]


def signatures_in_lock_order(statement: Statement) -> Statement:
    """Return a statement that selects signatures to lock them, ordered by the lock order."""
    return statement.order_by(Signature.verified_at.desc(), Signature.public_id.desc())
