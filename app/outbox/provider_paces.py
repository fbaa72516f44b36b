"""The paces of some mailbox providers, locked for one transaction: who may send how much there, and from when on."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from flask import current_app
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.crypto import tokens
from app.db import insert, is_one_of
from app.email.traffic_shaping import TrafficShaping
from app.models import Occasion, ProviderConnection, ProviderPace, SendingAddress
from app.outbox import quota
from app.outbox.find_providers import key_of
from app.outbox.turn import NOW, Turn, take_turn

WAITED_FOR = {Occasion.SIGNED, Occasion.ENTRY, Occasion.ORGANISER}
NO_CONNECTION_FREE = timedelta(seconds=5)


class HeldRow(NamedTuple):
    """A row of the outbox that a worker holds, and from when on it has a place at its provider, if it has."""

    id: int
    occasion: Occasion
    leaves_at: datetime | None


class ProviderPaces:
    """What these providers take from now on. Their rows are locked, in the order of their keys."""

    def __init__(self, session: Session, keys: Collection[bytes], table: TrafficShaping, now: datetime) -> None:
        self._session, self._table, self._now = session, table, now
        self._named = {key_of(provider): provider for provider in table.providers}
        self._rows = _locked(session, keys, now) if keys else {}
        self._busy = _connections(session, keys, now) if keys else {}
        self._warm_up = table.warm_up.most(now - _sending_since(session, now)) if keys else None
        self._today: dict[bytes, tuple[int, datetime | None]] = {}

    def turn(self, key: bytes, e_mail: HeldRow, leaving: int) -> Turn:
        """Return the turn of one more e-mail to a provider, to which so many others are leaving."""
        row, limits = self._rows.get(key), self._table.limits(self._named.get(key))
        if row is None:  # forgotten in this moment (see app/outbox/forget_paces.py), so nothing left for a day
            return NOW
        if limits.connections and self._busy.get(key, 0) >= limits.connections:
            return Turn(self._now + NO_CONNECTION_FREE, e_mail.leaves_at)
        is_waited_for = e_mail.occasion in WAITED_FOR
        # Strangers can cause what people wait for: it counts here, but a flood of it must not stop it for a day.
        if self._warm_up is not None and not is_waited_for:
            number, free_at = self._departed_today(key)
            if number + leaving >= warm_up_share(self._warm_up, e_mail.occasion):
                row.queue_end = max(row.queue_end or self._now, free_at or self._now + quota.DAY) + limits.interval
                return Turn(row.queue_end)
        return take_turn(row, limits, self._now, e_mail.leaves_at, is_waited_for=is_waited_for)

    def connect(self, claim: bytes, keys: Collection[bytes], until: datetime) -> None:
        """Take a connection to each of these providers whose connections are counted."""
        counted = [key for key in sorted(keys) if self._table.limits(self._named.get(key)).connections]
        if counted:
            rows = [{"provider_key": key, "claim": claim, "until": until} for key in counted]
            self._session.execute(insert(ProviderConnection).values(rows))

    def to_count(self, leaving: Mapping[bytes, int]) -> dict[bytes, int]:
        """Return those of these numbers of departures, by provider, that are looked at again."""
        return {key: n for key, n in leaving.items() if key in self._named or self._warm_up is not None}

    def _departed_today(self, key: bytes) -> tuple[int, datetime | None]:
        if key not in self._today:
            self._today[key] = quota.departed(self._session, key, self._now, quota.DAY)
        return self._today[key]


def warm_up_now(session: Session, table: TrafficShaping, now: datetime) -> int | None:
    """Return how many e-mails the sender may send a provider in a day as long as it is new; None if it is warm."""
    return table.warm_up.most(now - (_known_since(session) or now))


def warm_up_share(most: int, occasion: Occasion) -> int:
    """Return how many of them may be for this occasion."""
    return max(1, int(most * quota.share(occasion)))


def disconnect(session: Session, claim: bytes) -> None:
    """Give back the connections that a batch took."""
    over = delete(ProviderConnection).where(ProviderConnection.claim == claim)
    session.execute(over.execution_options(synchronize_session=False))


def _locked(session: Session, keys: Collection[bytes], now: datetime) -> dict[bytes, ProviderPace]:
    rows = [{"provider_key": key, "next_at": now} for key in sorted(keys)]
    session.execute(insert(ProviderPace).values(rows).on_conflict_do_nothing())
    these = (
        select(ProviderPace).where(is_one_of(ProviderPace.provider_key, [*keys])).order_by(ProviderPace.provider_key)
    )
    locked = session.scalars(these.with_for_update().execution_options(populate_existing=True))
    return {row.provider_key: row for row in locked}


def _connections(session: Session, keys: Collection[bytes], now: datetime) -> Counter[bytes]:
    is_one = is_one_of(ProviderConnection.provider_key, [*keys]) & (ProviderConnection.until > now)
    numbers = select(ProviderConnection.provider_key, func.count()).where(is_one)
    busy = session.execute(numbers.group_by(ProviderConnection.provider_key))
    return Counter(dict(busy.all()))


def _sending_since(session: Session, now: datetime) -> datetime:
    """Return since when e-mails come from the sender's address, which is remembered from the first one on."""
    since = _known_since(session)
    if since is None:
        session.execute(insert(SendingAddress).values(address_key=_sender_key(), since=now).on_conflict_do_nothing())
    return since or now


def _known_since(session: Session) -> datetime | None:
    return session.scalar(select(SendingAddress.since).where(SendingAddress.address_key == _sender_key()))


def _sender_key() -> bytes:
    sender = current_app.config["MAIL_DEFAULT_SENDER"].encode()
    return tokens.site_hash("sending address", sender)[: tokens.ID_BYTES]
