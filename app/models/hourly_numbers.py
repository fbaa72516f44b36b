"""The numbers that viewers of a petition see."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, UtcDateTime


class HourlyNumbers(Base):
    """What moves when somebody types an address: looked at each hour, rounded to tens (see app/watching/hourly.py).

    `moved_at` says of each when it was last shown anew. `shares` are those of app/watching/shares.py, without noughts.

    Viewers see these: from the exact numbers they could tell what became of an address that they typed.
    """

    __tablename__ = "hourly_numbers"

    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"), primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    moved_at: Mapped[dict[str, str]] = mapped_column(JSON)
    pending: Mapped[int]
    declined: Mapped[int]
    sent: Mapped[int]
    waiting: Mapped[int]
    failed: Mapped[int]
    came_back: Mapped[int] = mapped_column(server_default="0")
    complained: Mapped[int] = mapped_column(server_default="0")
    shares: Mapped[dict[str, int]] = mapped_column(JSON)
