"""What the worker found last when it looked at the site's set-up."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, UtcDateTime


class HealthReport(Base):
    """The newest findings of `doctor`, in one row; `begun_at` is when a worker last began to look.

    Nothing of anybody is in it: names of domains and hosts, and what to change.
    """

    __tablename__ = "health_report"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False, default=1)
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    findings: Mapped[list[dict[str, str]]] = mapped_column(JSON)
