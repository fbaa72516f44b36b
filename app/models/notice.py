"""Notices: what organisers were told of a petition by an e-mail, so that nothing is told twice."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, UtcDateTime
from app.models.signature import words


class NoticeKind(StrEnum):
    """What a notice is about. SHARE: a quarter, half or three quarters of the organisers' own goal are reached."""

    FIRST = "first"
    SHARE = "share"
    GOAL = "goal"
    ATTACK = "attack"
    MAIL = "mail"
    OBJECTION = "objection"


class Notice(Base):
    """One thing that organisers were told, or would have been if any had wanted to know.

    `number` is the count that was reached; of ATTACK and MAIL it is the day, of OBJECTION how many there were, rounded.
    """

    __tablename__ = "notice"

    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"), primary_key=True, autoincrement=False)
    kind: Mapped[NoticeKind] = mapped_column(words(NoticeKind, "kind"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
