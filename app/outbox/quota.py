"""Quotas: how many e-mails may leave within an hour and a day, for all workers together (MAIL_MAX_PER_*).

What nobody waits for may use a share of a quota alone, so that a new confirmation never waits for news to end.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from flask import current_app
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from app.db import insert
from app.models import Departures, Occasion

ALL = bytes(16)  # the key under which all departures are counted
SLOT = timedelta(minutes=10)
DAY = timedelta(days=1)
KEPT_FOR = timedelta(days=3)
SHARES = {Occasion.CONFIRMED: 0.9, Occasion.REMINDER: 0.8, Occasion.NEWS: 0.5}
SMALL_PART = 20  # a worker claims no more than this part of a quota at once: if it is killed, so much is lost


class Quota(NamedTuple):
    """No more than so many e-mails within this time; the name is that of the setting."""

    setting: str
    most: int
    within: timedelta


def quotas() -> list[Quota]:
    """Return the quotas that are set."""
    both = ("MAIL_MAX_PER_HOUR", timedelta(hours=1)), ("MAIL_MAX_PER_DAY", DAY)
    return [Quota(name, current_app.config[name], within) for name, within in both if current_app.config[name]]


def share(occasion: Occasion) -> float:
    """Return which part of a quota e-mails for this occasion may use."""
    return SHARES.get(occasion, 1)


def batch_size(most: int) -> int:
    """Return how many e-mails a worker that would claim `most` may claim at once."""
    return min([most, *(max(1, quota.most // SMALL_PART) for quota in quotas())])


class Used(NamedTuple):
    """How much of a quota is used, and when the oldest of that leaves it."""

    quota: Quota
    number: int
    free_at: datetime | None

    def room(self, occasion: Occasion) -> int:
        """Return how many more e-mails for this occasion may leave now."""
        return max(0, max(1, int(self.quota.most * share(occasion))) - self.number)


def used(session: Session, now: datetime) -> list[Used]:
    """Return how much of each quota that is set is used now."""
    return [Used(one, *departed(session, ALL, now, one.within)) for one in quotas()]


def room(used_now: Sequence[Used], most: int) -> dict[Occasion, int]:
    """Return for each occasion whose e-mails may leave now how many may, at most so many."""
    found = {one: min([most, *(used_one.room(one) for used_one in used_now)]) for one in Occasion}
    return {one: number for one, number in found.items() if number}


def departed(session: Session, key: bytes, now: datetime, within: timedelta) -> tuple[int, datetime | None]:
    """Return how many e-mails left under this key within that time or a little more, and when the first ages out.

    A slot counts until its end has aged: so no more leave than a quota says, whichever moment it is reckoned from.
    """
    first = func.min(Departures.slot, type_=Departures.slot.type)
    lately = select(func.coalesce(func.sum(Departures.number), 0), first).where(is_within(key, now, within))
    number, oldest = session.execute(lately).one()
    return int(number), oldest + SLOT + within if oldest else None


def is_within(key: bytes | ColumnElement[bytes], now: datetime, within: timedelta) -> ColumnElement[bool]:
    """Return the condition of departures under a key within that time or a little more."""
    lately = (Departures.provider_key == key) & (Departures.slot > now - within - SLOT) & (Departures.number > 0)
    return lately & (Departures.slot <= now)  # the clock may have been ahead


def count(session: Session, numbers: Mapping[bytes, int], now: datetime) -> None:
    """Count departures under each of these keys, in the caller's transaction."""
    rows = [{"provider_key": key, "slot": _slot(now), "number": numbers[key]} for key in sorted(numbers)]
    if rows:
        new = insert(Departures).values(rows)
        more = {"number": Departures.number + new.excluded.number}
        session.execute(new.on_conflict_do_update(index_elements=["provider_key", "slot"], set_=more))


def give_back(session: Session, numbers: Mapping[bytes, int], since: datetime) -> None:
    """Take departures back that were counted at that moment and did not take place, in the caller's transaction."""
    for key in sorted(numbers):
        counted = (Departures.provider_key == key) & (Departures.slot == _slot(since))
        taken_back = update(Departures).where(counted).values(number=Departures.number - numbers[key])
        session.execute(taken_back.execution_options(synchronize_session=False))


def _slot(at: datetime) -> datetime:
    return at - timedelta(seconds=at.timestamp() % SLOT.total_seconds())
