"""Leases: a worker holds a row until a moment; when that is over, another worker may take it."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import InstrumentedAttribute


def is_over(
    leased_until: InstrumentedAttribute[datetime | None], now: datetime, lease: timedelta
) -> ColumnElement[bool]:
    """Return the condition that a lease of that length is over, as this machine's clock has it.

    It is also over if it ends so late that the clock must have gone back since: later than even a worker whose clock
    is a whole lease ahead could have made it.
    """
    return or_(leased_until < now, leased_until > now + 2 * lease)
