"""What makes a verified signature look like part of a burst: a suggestion to organisers, which changes no count."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, delete, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db import Base, UtcDateTime
from app.models.signature import words


class Clue(StrEnum):
    """By what it was noticed: many from one network or one owner's domain at once, or no time to read the letter."""

    NETWORK = "network"
    DOMAIN = "domain"
    INSTANT = "instant"


@dataclass(frozen=True, slots=True)
class Burst:
    """From how many signatures on, confirmed within how long, a group is worth a look."""

    number: int
    within: timedelta


# A household, an office and a small meeting stay below ten in ten minutes. 200 people in one hall do not, and they are
# real; that is why this only suggests. People of one workplace read a call to sign over a day, not in one hour; who has
# a domain of their own to make up addresses at seldom has the patience.
BURSTS = {Clue.NETWORK: Burst(10, timedelta(minutes=10)), Clue.DOMAIN: Burst(20, timedelta(hours=1))}
# From when the mail server took the letter, it has to arrive, be opened, its link followed and a page be read.
TOO_SOON = timedelta(seconds=1)


class Suspicion(Base):
    """One reason to look at a signature. `dismissed_at` is when an organiser had looked, so that it stays away."""

    __tablename__ = "suspicion"
    __table_args__ = (
        Index(
            "ix_suspicion_open",
            "petition_id",
            "signature_id",
            "clue",
            sqlite_where=text("dismissed_at IS NULL"),
            postgresql_where=text("dismissed_at IS NULL"),
        ),
    )

    signature_id: Mapped[int] = mapped_column(
        ForeignKey("signature.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    clue: Mapped[Clue] = mapped_column(words(Clue, "clue"), primary_key=True)
    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    dismissed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def forget_suspicions(session: Session, signature_ids: Sequence[int]) -> None:
    """Delete what was suspected of these signatures, as is due where they are erased; the caller commits."""
    mine = delete(Suspicion).where(Suspicion.signature_id.in_(signature_ids))
    session.execute(mine.execution_options(synchronize_session=False))
