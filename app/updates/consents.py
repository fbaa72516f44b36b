"""How many signers agreed to updates."""

from sqlalchemy import func, select

from app.db import db
from app.kept_sums import sums
from app.models import SignatureSum, State


def number_agreed(petition_id: int) -> int:
    """Return how many verified signatures of a petition have agreed to updates."""
    kept = sums(SignatureSum, petition_id).subquery()
    agreed = kept.c.updates & (kept.c.state == State.VERIFIED) & ~kept.c.erased
    return int(db.session.scalar(select(func.sum(kept.c.number)).where(agreed)) or 0)
