"""What is kept so that the site can be watched: counters, when jobs last succeeded, and what checks of counts found."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, UtcDateTime


class Counter(Base):
    """How often something happened, on the whole site since it began: only added to (see app/counters.py)."""

    __tablename__ = "counter"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    labels: Mapped[str] = mapped_column(String(200), primary_key=True)
    total: Mapped[int] = mapped_column(BigInteger)


BACKED_UP = "backup"


class JobSuccess(Base):
    """When a periodic job last ended well, by whichever worker, to the minute; and when a backup did, as BACKED_UP."""

    __tablename__ = "job_success"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class CountCheck(Base):
    """When a petition's count was last compared with its ledger and its rows, and by how much they differed."""

    __tablename__ = "count_check"

    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"), primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    differences: Mapped[int] = mapped_column(BigInteger)
