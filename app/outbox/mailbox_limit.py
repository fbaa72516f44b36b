"""The mailbox limit: how many letters strangers can cause to one mailbox within a day."""

from datetime import datetime, timedelta

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app import clock
from app.db import advisory_lock
from app.models import OutboxProgress, OutboxRow

WINDOW = timedelta(hours=24)
PER_PETITION = 3
PER_SITE = 6


def was_written_to(session: Session, row: OutboxRow, since: datetime) -> bool:
    """Tell whether a letter that strangers can cause went to this one's mailbox after `since`, in the last day."""
    assert row.mailbox is not None
    advisory_lock(session, row.mailbox)
    since = max(since, clock.now() - WINDOW)
    others = (OutboxRow.mailbox == row.mailbox) & (OutboxRow.id != row.id) & (OutboxRow.allowed_at > since)
    return session.scalars(select(OutboxRow.id).where(others).limit(1)).first() is not None


def has_room(session: Session, row: OutboxRow, now: datetime) -> bool:
    """Tell whether this letter may go out now; if it does, the caller sets its `allowed_at` in the same transaction.

    A letter that is tried again counts from its last try, as it may arrive then. One that was refused for good filled
    nobody's mailbox and does not count: made-up spellings of a mailbox must not use up its letters.
    """
    if row.mailbox is None:
        return True
    advisory_lock(session, row.mailbox)
    of_petition = func.coalesce(func.sum(case((OutboxRow.petition_id == row.petition_id, 1), else_=0)), 0)
    others = (
        (OutboxRow.mailbox == row.mailbox) & (OutboxRow.id != row.id) & (OutboxRow.progress != OutboxProgress.FAILED)
    )
    counted = others & (OutboxRow.allowed_at > now - WINDOW)
    in_petition, in_site = session.execute(select(of_petition, func.count()).where(counted)).one()
    return bool(in_petition < PER_PETITION and in_site < PER_SITE)
