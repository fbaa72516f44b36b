"""What e-mails wait for, and until when: a provider's pace or pause, a quota, or the relay itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.models import Occasion, OutboxProgress, OutboxRow, ProviderPace
from app.outbox import quota
from app.outbox.find_providers import key_of
from app.outbox.quota import ALL
from app.outbox.take_turns import shaping

MANY_EMAILS = 10


@dataclass(frozen=True, slots=True)
class Wait:
    """What some e-mails wait for: `provider` by its name, empty for all others; or the `setting` that is a quota.

    Both are empty when all e-mails wait, as the relay refused whoever sends. `number` is how many wait for a provider,
    None where all that are due do, or those for these occasions `only`. `until` is when the next may leave. `reply` is
    the answer that made them wait, without the server's words.
    """

    until: datetime
    provider: str = ""
    setting: str = ""
    number: int | None = None
    reply: str = ""
    only: tuple[Occasion, ...] = ()


def waits(session: Session, now: datetime) -> list[Wait]:
    """Return what e-mails wait for now, what stops all of them first."""
    return [*_relay(session, now), *_quotas(session, now), *_providers(session, now)]


def told_to_organisers(found: Iterable[Wait]) -> list[Wait]:
    """Return those of these waits that organisers are told of, whatever petition of the site they work on.

    Not of a provider that few e-mails wait for, or of one without a name: that may be a single person's server.
    """
    return [
        one
        for one in found
        if not one.only and (one.number is None or (one.provider != "" and one.number >= MANY_EMAILS))
    ]


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


def _providers(session: Session, now: datetime) -> list[Wait]:
    named = {key_of(key): provider.name for key, provider in shaping().providers.items()}
    first = func.min(OutboxRow.due_at, type_=OutboxRow.due_at.type)
    waiting = (
        select(OutboxRow.provider_key, func.count().label("number"), first.label("first"))
        .where(OutboxRow.progress == OutboxProgress.WAITING, OutboxRow.provider_key.is_not(None))
        .where(OutboxRow.due_at > now)
        .group_by(OutboxRow.provider_key)
        .subquery()
    )
    paces = select(waiting, ProviderPace.paused_until, ProviderPace.reply).outerjoin(
        ProviderPace, ProviderPace.provider_key == waiting.c.provider_key
    )
    found: dict[tuple[str, str], Wait] = {}
    for row in session.execute(paces):
        reply = row.reply if row.paused_until and row.paused_until > now else ""
        name = named.get(row.provider_key, "")
        before = found.get((name, reply))
        number = row.number + (before.number or 0 if before else 0)
        until = min(row.first, before.until) if before else row.first
        found[name, reply] = Wait(until, name, number=number, reply=reply)
    return sorted(found.values(), key=lambda one: -(one.number or 0))


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
    what = "a pause that its answer asked for" if wait.reply else "its pace"
    return f"{wait.number} wait for {wait.provider or 'other providers'} ({what}), the next {until}{because}"
