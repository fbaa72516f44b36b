"""Pause a mailbox provider whose answer asks for it, and it alone; or all, when the relay refuses whoever sends."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock
from app.db import insert, is_one_of, transaction
from app.email import smtp
from app.email.traffic_shaping import MAX_PAUSE, TrafficShaping
from app.models import ProviderPace
from app.outbox.quota import ALL

PAUSE_OF_ALL = timedelta(minutes=5)


def pause_if_asked(key: bytes | None, error: smtp.SendingFailed, table: TrafficShaping) -> datetime | None:
    """Pause this provider, or all, if the answer asks for that; return until when, None if it does not."""
    if error.is_about_sender:
        return _pause(ALL, str(error), lambda pauses: PAUSE_OF_ALL * 2 ** min(pauses, 4))
    if key is None or not table.is_on or not table.pause_after(error.code, error.reply):
        return None
    return _pause(key, str(error), lambda pauses: table.pause_after(error.code, error.reply, pauses))


def all_paused_until(session: Session, now: datetime) -> datetime | None:
    """Return until when no e-mail leaves at all, None if they may leave."""
    until: datetime | None = session.scalar(select(ProviderPace.paused_until).where(ProviderPace.provider_key == ALL))
    return until if until and now < until <= now + MAX_PAUSE else None


def was_paused(session: Session, key: bytes) -> bool:
    """Tell whether a provider has asked for a pause since it took an e-mail last."""
    return bool(session.scalar(select(ProviderPace.pauses).where(ProviderPace.provider_key == key)))


def end_pauses(session: Session, keys: Collection[bytes], since: datetime) -> None:
    """Forget the pauses of these providers that were over at that moment, as they have taken e-mails since.

    One that began meanwhile is another worker's news, and stays. In the caller's transaction.
    """
    is_over = ProviderPace.paused_until.is_(None) | (ProviderPace.paused_until <= since)
    paused = is_one_of(ProviderPace.provider_key, [*keys]) & (ProviderPace.pauses > 0) & is_over
    locked = session.scalars(
        select(ProviderPace.provider_key).where(paused).order_by(ProviderPace.provider_key).with_for_update()
    ).all()
    if locked:
        mended = update(ProviderPace).where(is_one_of(ProviderPace.provider_key, locked))
        mended = mended.values(pauses=0, paused_until=None, reply="")
        session.execute(mended.execution_options(synchronize_session=False))


def _pause(key: bytes, reply: str, pause: Callable[[int], timedelta]) -> datetime:
    now = clock.now()
    with transaction() as session:
        new = insert(ProviderPace).values(provider_key=key, next_at=now).on_conflict_do_nothing()
        session.execute(new)
        this = select(ProviderPace).where(ProviderPace.provider_key == key).with_for_update()
        row = session.scalars(this.execution_options(populate_existing=True)).one()
        if row.paused_until is None or row.paused_until <= now:  # else another worker met the same answer
            row.paused_until, row.pauses, row.reply = now + pause(row.pauses), row.pauses + 1, reply
        return row.paused_until
