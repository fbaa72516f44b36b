"""The order in which transactions lock rows: one for all, so that no two wait for each other in a circle.

First the petition, then its signatures (the newest of a list first, as lists show them and bulk acts take them), then
organisers' accounts. Where several rows of one table are locked in one statement, its ORDER BY is what keeps the order;
`SKIP LOCKED` needs none, as it never waits.
"""

from typing import TypeVar

from sqlalchemy import Select

from app.models.signature import Signature

Statement = TypeVar("Statement", bound=Select)  # type: ignore[type-arg]


def signatures_in_lock_order(statement: Statement) -> Statement:
    """Return the statement that selects signatures, to lock them, in the order that all transactions keep."""
    return statement.order_by(Signature.listed_at.desc(), Signature.public_id.desc())
