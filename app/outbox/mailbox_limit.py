"""The mailbox limit: how many letters strangers can cause to one mailbox within a day."""

from datetime import datetime, timedelta

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.db import advisory_lock
from app.models import OutboxRow

WINDOW = timedelta(hours=24)
PER_PETITION = 3
PER_SITE = 6


def allow(session: Session, row: OutboxRow, now: datetime) -> bool:
    """Tell whether this letter may go out now, and count it if so, in the caller's transaction.

    A letter that is tried again counts from its last try, as it may arrive then.
    """
    if row.mailbox is None:
        return True
    advisory_lock(session, row.mailbox)
    of_petition = func.coalesce(func.sum(case((OutboxRow.petition_id == row.petition_id, 1), else_=0)), 0)
    others = (OutboxRow.mailbox == row.mailbox) & (OutboxRow.id != row.id)
    counted = others & (OutboxRow.allowed_at > now - WINDOW)
    in_petition, in_site = session.execute(select(of_petition, func.count()).where(counted)).one()
    if in_petition >= PER_PETITION or in_site >= PER_SITE:
        return False
    row.allowed_at = now
    session.flush()
    return True
