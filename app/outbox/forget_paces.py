"""Forget what the pace of e-mails needs no more: old departures, domains that are asked for anew, paces long past."""

from datetime import timedelta

from sqlalchemy import delete, or_

from app import clock
from app.db import transaction
from app.models import Departures, MailDomain, ProviderConnection, ProviderPace
from app.outbox.quota import KEPT_FOR

LONG_PAST = timedelta(days=1)


def forget_paces() -> int:
    """Delete those rows; return how many."""
    now = clock.now()
    is_paused = ProviderPace.paused_until > now
    old = (
        delete(Departures).where(Departures.slot < now - KEPT_FOR),
        delete(MailDomain).where(MailDomain.known_until < now),
        delete(ProviderConnection).where(ProviderConnection.until < now),
        delete(ProviderPace).where(
            ProviderPace.next_at < now - LONG_PAST,
            or_(ProviderPace.queue_end.is_(None), ProviderPace.queue_end < now),
            or_(ProviderPace.paused_until.is_(None), ~is_paused),
        ),
    )
    with transaction() as session:
        return sum(session.connection().execute(one).rowcount for one in old)
