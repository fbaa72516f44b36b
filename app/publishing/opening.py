"""Open a petition once it is complete, close it, and open it again."""

from dataclasses import dataclass
from datetime import date

from flask import current_app
from sqlalchemy import select

from app import clock
from app.audit.log import record
from app.db import db
from app.models import Act, AuditEntry, Organiser
from app.models.petition import Standing
from app.organisers.access import Who
from app.organisers.acting import acting
from app.petition_files.stored import as_file, end_of_day


@dataclass
class NotReadyToOpen(Exception):
    """The petition cannot open: the missing keys, and whether its last day is over."""

    missing: list[str]
    is_over: bool


class MayNotOpen(Exception):
    """The organiser does not have the right to open petitions."""


class Erased(Exception):
    """The petition's signatures have been erased, so it stays closed."""


def may_open(organiser: Organiser) -> bool:
    """Return whether an organiser has the right to open the petitions that they own."""
    return organiser.may_open or organiser.is_administrator or bool(current_app.config["EVERYBODY_MAY_OPEN"])


def open_petition(petition_id: int, organiser_id: int) -> None:
    """Open a draft for signing; do nothing if it was opened before. Raises MayNotOpen and NotReadyToOpen."""
    with acting(petition_id, organiser_id, Who.OWNERS) as (session, petition):
        now = clock.now()  # after whoever held it: what they saved came before
        if petition.opened_at is not None:
            return
        if not may_open(session.get_one(Organiser, organiser_id)):
            raise MayNotOpen
        missing = as_file(session, petition).missing()
        is_over = petition.closes_at is not None and petition.closes_at <= now
        if missing or is_over:
            raise NotReadyToOpen(missing, is_over)
        petition.opened_at = now
        record(session, Act.OPENED, petition.id, organiser_id)


def close_petition(petition_id: int, organiser_id: int) -> None:
    """Close an open petition now."""
    with acting(petition_id, organiser_id, Who.OWNERS) as (session, petition):
        now = clock.now()  # after whoever held it: what they saved came before
        if petition.standing(now) == Standing.OPEN:
            planned = petition.last_day.isoformat() if petition.last_day else ""
            petition.closes_at = now
            record(session, Act.CLOSED, petition.id, organiser_id, last_day=planned)


def last_day_before_closing(petition_id: int) -> date | None:
    """Return the last day that the petition had when it was closed by hand last, if that is not over; else None."""
    closings = select(AuditEntry).where(AuditEntry.petition_id == petition_id, AuditEntry.act == Act.CLOSED)
    closing = db.session.scalars(closings.order_by(AuditEntry.id.desc()).limit(1)).first()
    planned = closing.details.get("last_day") if closing else None
    last_day = date.fromisoformat(str(planned)) if planned else None
    return last_day if last_day and last_day >= clock.now().date() else None


def reopen_petition(petition_id: int, last_day: date | None, organiser_id: int) -> bool:
    """Open a closed petition again until the end of `last_day`, or without end; return False if that is over.

    Raises MayNotOpen, and Erased if its signatures have been erased, as signers were promised.
    """
    now = clock.now()
    closes_at = end_of_day(last_day)
    if closes_at is not None and closes_at <= now:
        return False
    with acting(petition_id, organiser_id, Who.OWNERS) as (session, petition):
        if not may_open(session.get_one(Organiser, organiser_id)):
            raise MayNotOpen
        if petition.erased_at is not None:
            raise Erased
        if petition.standing(now) == Standing.CLOSED:
            petition.closes_at = closes_at
            record(session, Act.REOPENED, petition.id, organiser_id)
    return True
