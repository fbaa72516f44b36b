"""The growth of the count: the ledger's changes by hour, day or week, in UTC."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import accumulate
from typing import Any

from sqlalchemy import CompoundSelect, select, union_all

from app import kept_sums
from app.db import db
from app.models import HourSum, LedgerEntry

MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
MIN_STEPS = 8
DAY = timedelta(days=1)


class Step(StrEnum):
    """The length of one step of the curve. Weeks begin on Monday (ISO 8601)."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


LENGTH = {Step.HOUR: timedelta(hours=1), Step.DAY: DAY, Step.WEEK: timedelta(weeks=1)}
MAX_STEPS = {Step.HOUR: 48, Step.DAY: 60, Step.WEEK: 104}


@dataclass(frozen=True, slots=True)
class GrowthStep:
    """One step of the curve: its beginning, the change of the count, and the count at its end."""

    begins: datetime
    net: int
    total: int


@dataclass(frozen=True, slots=True)
class Lately:
    """By how much the count changed today, yesterday and in the seven days that end today (UTC)."""

    today: int
    yesterday: int
    week: int


def lately(petition_id: int, now: datetime) -> Lately:
    """Return by how much a petition's count changed in the last days."""
    today = _step_start(now, DAY)
    first = today - 6 * DAY
    changes = [(moment, int(by)) for moment, by in db.session.execute(_changes(petition_id, first)) if moment >= first]
    return Lately(
        today=sum(by for moment, by in changes if moment >= today),
        yesterday=sum(by for moment, by in changes if today - DAY <= moment < today),
        week=sum(by for _, by in changes),
    )


def default_step(since: datetime, now: datetime) -> Step:
    """Return the default step for a petition open `since` then: hours in the first two days, then days."""
    return Step.HOUR if now - since < timedelta(days=2) else Step.DAY


def growth(petition_id: int, step: Step, since: datetime, now: datetime, verified: int) -> list[GrowthStep]:
    """Return the curve up to `now`, where the count is `verified`, oldest step first.

    It goes back 48 hours, 60 days or 104 weeks, but hardly to before `since`, when the petition was opened. Earlier
    changes are in the totals.
    """
    length = LENGTH[step]
    last = _step_start(now, length)
    first = max(last - (MAX_STEPS[step] - 1) * length, min(_step_start(since, length), last - (MIN_STEPS - 1) * length))
    steps = (last - first) // length + 1
    net = [0] * steps
    for moment, change in db.session.execute(_changes(petition_id, first)):
        if moment >= first:
            which = min((moment - first) // length, steps - 1)  # what a clock that was ahead did is in the last
            net[which] += int(change)
    totals = accumulate(net, initial=verified - sum(net))
    next(totals)
    return [
        GrowthStep(first + number * length, change, total)
        for number, (change, total) in enumerate(zip(net, totals, strict=True))
    ]


def _changes(petition_id: int, first: datetime) -> CompoundSelect[*tuple[Any, ...]]:
    """Return the statement for the count's changes: by hours from `first` on, and those not folded yet, of any time.

    If it asked for the times of these, SQLite would look for them in the index by time, where all are.
    """
    hours = kept_sums.sums(HourSum, petition_id).subquery()
    unfolded = (LedgerEntry.petition_id == petition_id) & ~LedgerEntry.folded
    return union_all(
        select(hours.c.hour, hours.c.number).where(hours.c.hour >= first),
        select(LedgerEntry.at, LedgerEntry.delta).where(unfolded),
    )


def _step_start(moment: datetime, length: timedelta) -> datetime:
    return MONDAY + (moment - MONDAY) // length * length
