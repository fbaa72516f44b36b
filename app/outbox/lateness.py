"""How late the outbox is, at the same cost however many letters wait."""

from datetime import datetime

from sqlalchemy import func, select, union_all

from app import clock
from app.db import db
from app.models import Occasion, OutboxProgress, OutboxRow
from app.outbox.enqueue import PRIORITY, PRIORITY_BY_STRANGER, PRIORITY_OF_ORGANISERS, PRIORITY_WITHOUT_PROOF

MINUTE = 60
# Those in the slow lane are late on purpose. One look in the index for each, as a look across them reads all that wait.
# News has pages that tell how far it is, and is paused by people.
PRIORITIES = sorted(
    {*PRIORITY.values(), PRIORITY_WITHOUT_PROOF, PRIORITY_OF_ORGANISERS, PRIORITY_BY_STRANGER}
    - {PRIORITY[Occasion.NEWS]}
)


def seconds_late() -> int:
    """Return for how long the letter that is due longest has been due, in whole minutes: less is 0.

    Less would show that somebody has just signed.
    """
    waiting = OutboxRow.progress == OutboxProgress.WAITING
    first = [
        select(func.min(OutboxRow.due_at, type_=OutboxRow.due_at.type).label("due_at")).where(
            waiting, OutboxRow.priority == priority
        )
        for priority in PRIORITIES
    ]
    oldest: datetime | None = db.session.scalars(
        select(func.min(union_all(*first).subquery().c.due_at, type_=OutboxRow.due_at.type))
    ).one()
    late = (clock.now() - oldest).total_seconds() if oldest else 0
    return max(0, int(late // MINUTE) * MINUTE)
