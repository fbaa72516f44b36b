"""The slow lane: letters to forms without a proof of work, of which a few an hour go out for each petition."""

from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.crypto import tokens
from app.db import db, hold
from app.models import Occasion, OutboxRow
from app.outbox.enqueue import PRIORITY_PUT_OFF

WINDOW = timedelta(hours=1)
SLOT = timedelta(seconds=15)  # a form shows in what is asked of others at the end of its slot, not at its moment


def is_filling(petition_id: int, now: datetime) -> bool:
    """Tell whether so many forms without a proof came for this petition of late that a proof is to be asked for."""
    enough = _enough(petition_id, now)
    mine = (OutboxRow.petition_id == petition_id) & ~OutboxRow.proven & (OutboxRow.occasion == Occasion.SIGNED)
    until = now - timedelta(seconds=now.timestamp() % SLOT.total_seconds())
    lately = (OutboxRow.queued_at > until - WINDOW) & (OutboxRow.queued_at <= until)
    # No more are counted than are needed, so that a flood makes it no slower.
    late = select(OutboxRow.id).where(mine, lately).limit(enough).subquery()
    return db.session.scalars(select(func.count()).select_from(late)).one() >= enough


def _enough(petition_id: int, now: datetime) -> int:
    """Return from how many forms on that is: another number each hour, or who sends all but one would see the next."""
    config = current_app.config
    chance = tokens.keyed_hash("proof from", f"{petition_id} {now:%Y-%m-%d %H}")
    return int(config["PROOF_FROM"]) + chance[0] % int(config["PROOF_SPREAD"])


def put_off(session: Session, row: OutboxRow, now: datetime) -> bool:
    """Tell whether this letter must wait, and if so let it, in the caller's transaction.

    A new one goes behind those that wait, at the lane's pace, so that each is looked at about once. One whose turn has
    come, after all of them were late, asks again when the next place is free. Nothing counts as an attempt, and
    `caps.allow` notes when a letter goes out.
    """
    if row.proven:
        return False
    hold(session, tokens.keyed_hash("slow lane", str(row.petition_id)))
    most: int = current_app.config["SLOW_LANE_MOST"]
    at = _next_place(session, row, now, most)
    if row.put_off_until is None:
        last = _last(session, row)
        if last is not None and last > now:
            at = max(at, last + WINDOW / most)
    if at <= now:
        return False
    row.put_off_until = row.due_at = at
    row.priority = PRIORITY_PUT_OFF
    row.claim = row.leased_until = None
    return True


def _next_place(session: Session, row: OutboxRow, now: datetime, most: int) -> datetime:
    """Return when fewer than `most` others will have gone out within the window: now, or when the first leaves it."""
    others = (OutboxRow.petition_id == row.petition_id) & ~OutboxRow.proven & (OutboxRow.id != row.id)
    gone = select(func.count(), func.min(OutboxRow.allowed_at, type_=OutboxRow.allowed_at.type))
    number, first = session.execute(gone.where(others, OutboxRow.allowed_at > now - WINDOW)).one()
    return now if first is None or number < most else first + WINDOW


def _last(session: Session, row: OutboxRow) -> datetime | None:
    """Return until when the last one in the lane of a row's petition was put off; None for none."""
    until = func.max(OutboxRow.put_off_until, type_=OutboxRow.put_off_until.type)
    in_lane = (OutboxRow.petition_id == row.petition_id) & OutboxRow.put_off_until.is_not(None)
    return session.scalars(select(until).where(in_lane)).one()
