"""Expiry: until when a draft can be confirmed."""

from datetime import UTC, datetime, timedelta

from app.models import Petition

LINK_WORKS_FOR = timedelta(days=7)
AFTER_CLOSING = timedelta(hours=24)


def link_works_until(petition: Petition, taken_at: datetime) -> datetime:
    """Return when the link in a letter stops working that the mail server took at `taken_at`.

    That is after seven days, or 24 hours after the petition closed; 24 hours after the letter, if that was later.
    """
    week = taken_at + LINK_WORKS_FOR
    return week if petition.closes_at is None else min(week, max(petition.closes_at, taken_at) + AFTER_CLOSING)


def confirmable_until(petition: Petition, expires_at: datetime | None) -> datetime:
    """Return when the links of a draft with this expiry stop working: never, while its letter waits."""
    if expires_at is None:
        return datetime.max.replace(tzinfo=UTC)
    return link_works_until(petition, expires_at - LINK_WORKS_FOR)
