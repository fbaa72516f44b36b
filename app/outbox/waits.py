"""What e-mails wait for, and until when: a provider's pace or pause, a quota, or the relay itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, true
from sqlalchemy.orm import Session

from app import clock
from app.models import Departures, Occasion, OutboxProgress, OutboxRow, ProviderPace
from app.outbox import quota
from app.outbox.find_providers import key_of
from app.outbox.provider_paces import warm_up_now, warm_up_share
from app.outbox.quota import ALL
from app.outbox.take_turns import shaping

MANY_EMAILS = 10
WORTH_TELLING = timedelta(minutes=5)  # to organisers


@dataclass(frozen=True, slots=True)
class Wait:
    """What some e-mails wait for: `provider` by its name, empty for all others; or the `setting` that is a quota.

    Both are empty when all e-mails wait, as the relay refused whoever sends. `number` is how many wait for a provider,
    None where all that are due do, or those for these occasions `only`. `until` is when the next may leave. `reply` is
    the answer that made them wait, without the server's words; without one it is the provider's pace, or what a new
    sender may send it on a day.
    """

    until: datetime
    provider: str = ""
    setting: str = ""
    number: int | None = None
    reply: str = ""
    is_warm_up: bool = False
    only: tuple[Occasion, ...] = ()


def waits(session: Session, now: datetime, these: ColumnElement[bool] | None = None) -> list[Wait]:
    """Return what e-mails, or `these` rows of the outbox, wait for now, what stops all of them first."""
    of_providers = _providers(session, now, true() if these is None else these)
    return [*_relay(session, now), *_quotas(session, now), *of_providers]


def told_to_organisers(found: Iterable[Wait]) -> list[Wait]:
    """Return those of these waits that organisers are told of, whatever petition of the site they work on.

    Not of a provider that few e-mails wait for, or of one without a name: that may be a single person's server.
    """
    return [
        one
        for one in found
        if not one.only and (one.number is None or (one.provider != "" and one.number >= MANY_EMAILS))
    ]


def told_of_news(found: Iterable[Wait]) -> list[Wait]:
    """Return those of the waits of a piece of news that the organisers who send it are told of.

    Providers without a name, and those for which few of its e-mails wait, are one wait for others, as above.
    """
    told, others = [], []
    for one in found:
        if one.number is not None and (not one.provider or one.number < MANY_EMAILS):
            others.append(one)
        elif not one.only or Occasion.NEWS in one.only:
            told.append(one)
    if others:
        number, is_warm_up = sum(one.number or 0 for one in others), all(one.is_warm_up for one in others)
        told.append(Wait(min(one.until for one in others), number=number, is_warm_up=is_warm_up))
    return told


def _relay(session: Session, now: datetime) -> list[Wait]:
    row = session.get(ProviderPace, ALL, populate_existing=True)
    return [Wait(row.paused_until, reply=row.reply)] if row and row.paused_until and row.paused_until > now else []


def _quotas(session: Session, now: datetime) -> list[Wait]:
    found = []
    for one in quota.used(session, now):
        stopped = tuple(occasion for occasion in Occasion if one.room(occasion) == 0)
        if stopped and one.free_at:
            is_all = Occasion.SIGNED in stopped
            found.append(Wait(one.free_at, setting=one.quota.setting, only=() if is_all else stopped))
    return found


def _providers(session: Session, now: datetime, these: ColumnElement[bool]) -> list[Wait]:
    named = {key_of(key): provider.name for key, provider in shaping().providers.items()}
    warm_up = warm_up_now(session, shaping(), now)
    found: dict[tuple[str, str, bool], Wait] = {}
    for row in session.execute(_waiting(now, these)):
        reply = row.reply if row.paused_until and row.paused_until > now else ""
        most = warm_up_share(warm_up, row.occasion) if warm_up is not None else None
        kind = named.get(row.provider_key, ""), reply, not reply and most is not None and row.departed >= most
        before = found.get(kind)
        number = row.number + (before.number or 0 if before else 0)
        until = min(row.first, before.until) if before else row.first
        found[kind] = Wait(until, kind[0], number=number, reply=reply, is_warm_up=kind[2])
    return sorted(found.values(), key=lambda one: -(one.number or 0))


def _waiting(now: datetime, these: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Return by provider and occasion how many wait and what for, and how many left for that provider within a day."""
    kind = (OutboxRow.provider_key, OutboxRow.occasion)
    first = func.min(OutboxRow.due_at, type_=OutboxRow.due_at.type)
    waiting = (
        select(*kind, func.count().label("number"), first.label("first"))
        .where(OutboxRow.progress == OutboxProgress.WAITING, OutboxRow.provider_key.is_not(None))
        .where(OutboxRow.due_at > now, these)
        .group_by(*kind)
        .subquery()
    )
    departed = select(func.coalesce(func.sum(Departures.number), 0)).where(
        quota.is_within(waiting.c.provider_key, now, quota.DAY)
    )
    paces = select(waiting, ProviderPace.paused_until, ProviderPace.reply, departed.scalar_subquery().label("departed"))
    return paces.outerjoin(ProviderPace, ProviderPace.provider_key == waiting.c.provider_key)


def describe_wait(wait: Wait) -> str:
    """Return in words for the operator what e-mails wait for."""
    until = f"until {clock.iso(wait.until)}"
    because = f": {wait.reply}" if wait.reply else ""
    if wait.only:
        return f"{', '.join(wait.only)}: wait for their part of {wait.setting} {until}"
    if wait.setting:
        return f"all wait for {wait.setting} {until}"
    if wait.number is None:
        return f"all wait {until}, as the mail server refused the sender{because}"
    its = "its" if wait.provider else "their"
    what = f"a pause that {its} answer asked for" if wait.reply else f"{its} pace"
    if wait.is_warm_up:
        what = "warm-up of a new sender"
    return f"{wait.number} wait for {wait.provider or 'other providers'} ({what}), the next {until}{because}"
