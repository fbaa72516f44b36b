"""Open a petition once it says all that it must, close it, and open it again."""

from dataclasses import dataclass
from datetime import date

from app import clock
from app.audit.log import record
from app.db import transaction
from app.models import Act
from app.models.petition import Standing
from app.petition_files.saving import lock_petition_by_slug
from app.petition_files.stored import as_file, end_of_day


@dataclass
class NotReadyToOpen(Exception):
    """The petition lacks what it needs to open: the keys that are not said, and whether its last day is over."""

    missing: list[str]
    is_over: bool


class Erased(Exception):
    """Who signed the petition has been erased, so it stays closed."""


def open_petition(slug: str, by: int) -> None:
    """Open a draft for signing; nothing happens to a petition that was opened before. Raises CannotOpen."""
    with transaction() as session:
        petition = lock_petition_by_slug(session, slug)
        now = clock.now()  # after whoever held it: what they saved came before
        if petition is None or petition.opened_at is not None:
            return
        missing = as_file(session, petition).missing()
        is_over = petition.closes_at is not None and petition.closes_at <= now
        if missing or is_over:
            raise NotReadyToOpen(missing, is_over)
        petition.opened_at = now
        record(session, Act.OPENED, petition.id, by)


def close_petition(slug: str, by: int) -> None:
    """Close an open petition at this moment."""
    with transaction() as session:
        petition = lock_petition_by_slug(session, slug)
        now = clock.now()  # after whoever held it: what they saved came before
        if petition is not None and petition.standing(now) == Standing.OPEN:
            petition.closes_at = now
            record(session, Act.CLOSED, petition.id, by)


def reopen_petition(slug: str, last: date | None, by: int) -> bool:
    """Open a closed petition again until the end of its new `last` day, or without end; return whether it is to come.

    Raises Erased where who signed it has been erased: it was promised to be over.
    """
    now = clock.now()
    closes_at = end_of_day(last)
    if closes_at is not None and closes_at <= now:
        return False
    with transaction() as session:
        petition = lock_petition_by_slug(session, slug)
        if petition is not None and petition.erased_at is not None:
            raise Erased
        if petition is not None and petition.standing(now) == Standing.CLOSED:
            petition.closes_at = closes_at
            record(session, Act.REOPENED, petition.id, by)
    return True
