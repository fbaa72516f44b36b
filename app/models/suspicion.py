"""Suspicions: why a verified signature may be part of a burst. They are hints for organisers and change no count."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, delete, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db import Base, UtcDateTime, is_one_of
from app.models.signature import words


class Clue(StrEnum):
    """Why it is suspicious: many at once from one network or one domain, or confirmed too fast to read the letter."""

    NETWORK = "network"
    DOMAIN = "domain"
    INSTANT = "instant"


@dataclass(frozen=True, slots=True)
class Burst:
    """The threshold of a burst: this number of signatures, confirmed within this time."""

    number: int
    within: timedelta


# A household, an office and a small meeting stay below ten in ten minutes. 200 people in one hall do not, and they are
# real: so this is only a hint. Colleagues sign over a day rather than within an hour; people who make up addresses at a
# domain of their own seldom wait so long.
BURSTS = {Clue.NETWORK: Burst(10, timedelta(minutes=10)), Clue.DOMAIN: Burst(20, timedelta(hours=1))}
# From the moment the mail server took it, a letter has to arrive and be opened, and the page behind its link be read.
TOO_SOON = timedelta(seconds=1)


class Suspicion(Base):
    """One reason to look at a signature. `dismissed_at` is when an organiser dismissed it."""

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
    """Delete the suspicions about these signatures, as they are erased; the caller commits."""
    suspicions = delete(Suspicion).where(is_one_of(Suspicion.signature_id, signature_ids))
    session.execute(suspicions.execution_options(synchronize_session=False))
