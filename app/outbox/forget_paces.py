"""Forget what the pace of e-mails needs no more: old departures, domains that are asked for anew, paces long past."""

from datetime import timedelta

from sqlalchemy import ColumnElement, delete, exists, or_, select

from app import clock
from app.db import Base, db, transaction
from app.models import Departures, MailDomain, ProviderConnection, ProviderPace
from app.outbox.quota import DAY, KEPT_FOR

LONG_PAST = timedelta(days=1)


def forget_paces() -> int:
    """Delete those rows; return how many. It reads first, as an idle worker takes no write lock."""
    now = clock.now()
    is_queued = ProviderPace.queue_end.is_not(None) & (ProviderPace.queue_end >= now)
    is_paused = ProviderPace.paused_until.is_not(None) & (ProviderPace.paused_until > now)
    old: tuple[tuple[type[Base], ColumnElement[bool]], ...] = (
        (Departures, (Departures.slot < now - KEPT_FOR) | (Departures.slot > now + DAY)),
        (MailDomain, MailDomain.known_until < now),
        (ProviderConnection, ProviderConnection.until < now),
        (ProviderPace, (ProviderPace.next_at < now - LONG_PAST) & ~is_queued & ~is_paused),
    )
    if not db.session.scalar(select(or_(*(exists().where(which).select_from(table) for table, which in old)))):
        return 0
    with transaction() as session:
        return sum(session.connection().execute(delete(table).where(which)).rowcount for table, which in old)
