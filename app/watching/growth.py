"""How the count grew: what the ledger added and took away, by the hour, day or week, in UTC."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import accumulate

from sqlalchemy import func, select

from app.db import db, seconds
from app.models import LedgerEntry

MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
MIN_STEPS = 8


class Step(StrEnum):
    """How long one step of the curve is. Weeks begin on Monday (ISO 8601)."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


LENGTH = {Step.HOUR: timedelta(hours=1), Step.DAY: timedelta(days=1), Step.WEEK: timedelta(weeks=1)}
MAX_STEPS = {Step.HOUR: 48, Step.DAY: 60, Step.WEEK: 104}


@dataclass(frozen=True, slots=True)
class GrowthStep:
    """One step of the curve: when it begins, how much the count moved in it, and the count at its end."""

    begins: datetime
    net: int
    total: int


def fitting(since: datetime, now: datetime) -> Step:
    """Return the step that shows a petition well which is open `since` then: hours at first, days later."""
    return Step.HOUR if now - since < timedelta(days=2) else Step.DAY


def growth(petition_id: int, by: Step, since: datetime, now: datetime, verified: int) -> list[GrowthStep]:
    """Return the curve up to `now`, where the count is `verified`, the oldest step first.

    It goes back 48 hours, 60 days or 104 weeks, but hardly to before the petition was open, `since`. What was earlier
    is in the totals.
    """
    length = LENGTH[by]
    last = _begin(now, length)
    first = max(last - (MAX_STEPS[by] - 1) * length, min(_begin(since, length), last - (MIN_STEPS - 1) * length))
    steps = (last - first) // length + 1
    moved = (
        select(
            ((seconds(LedgerEntry.at) - int(first.timestamp())) // int(length.total_seconds())).label("step"),
            LedgerEntry.delta,
        )
        .where(LedgerEntry.petition_id == petition_id, LedgerEntry.at >= first)
        .subquery()
    )
    net = [0] * steps
    for step, sum_of_step in db.session.execute(select(moved.c.step, func.sum(moved.c.delta)).group_by(moved.c.step)):
        net[min(step, steps - 1)] += int(sum_of_step)  # a clock that was ahead has written into the future
    totals = accumulate(net, initial=verified - sum(net))
    next(totals)
    return [
        GrowthStep(first + number * length, moved_by, total)
        for number, (moved_by, total) in enumerate(zip(net, totals, strict=True))
    ]


def _begin(moment: datetime, length: timedelta) -> datetime:
    return MONDAY + (moment - MONDAY) // length * length
