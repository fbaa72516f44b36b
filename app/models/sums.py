"""Kept sums: how many rows there are of each kind, so that no page has to count them.

The database's triggers keep them, whatever writes the rows: see the migration `kept_sums`. On PostgreSQL each statement
adds rows of its own, so that no two wait for each other, and app/kept_sums.py adds these up; on SQLite, which has one
writer, the triggers change the sums themselves. What is kept is always the sum of `number` over all parts. A petition
is no foreign key here, as it is one in the rows that are counted.
"""

from datetime import datetime

from sqlalchemy import BigInteger, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, UtcDateTime
from app.models.outbox import Occasion, OutboxProgress
from app.models.signature import State, Visibility, words


class KeptSum(Base):
    """What all kept sums share. `part` is 0 for what was added up, and a number of its own for what was not yet."""

    __abstract__ = True

    petition_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False, sort_order=-1)
    part: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False, sort_order=1)
    number: Mapped[int] = mapped_column(BigInteger, sort_order=2)


def _not_added_up(table: str) -> Index:
    where = text("part > 0")
    return Index(f"ix_{table}_part", "part", unique=True, sqlite_where=where, postgresql_where=where)


class SignatureSum(KeptSum):
    """The signatures of a petition by state and by what shares tell of, and whether their data is erased."""

    __tablename__ = "signature_sum"
    __table_args__ = (_not_added_up("signature_sum"),)

    state: Mapped[State] = mapped_column(words(State, "state"), primary_key=True)
    country: Mapped[str] = mapped_column(String(2), primary_key=True)
    language: Mapped[str] = mapped_column(String(12), primary_key=True)
    erased: Mapped[bool] = mapped_column(primary_key=True)
    visibility: Mapped[Visibility] = mapped_column(words(Visibility, "visibility"), primary_key=True)
    updates: Mapped[bool] = mapped_column(primary_key=True)


class LetterSum(KeptSum):
    """The rows of the outbox by petition (0 for none), occasion and progress."""

    __tablename__ = "letter_sum"
    __table_args__ = (_not_added_up("letter_sum"),)

    occasion: Mapped[Occasion] = mapped_column(words(Occasion, "occasion"), primary_key=True)
    progress: Mapped[OutboxProgress] = mapped_column(words(OutboxProgress, "progress"), primary_key=True)


class HourSum(KeptSum):
    """By how much the count changed in each hour (UTC), by the ledger's rows that are folded."""

    __tablename__ = "hour_sum"
    __table_args__ = (_not_added_up("hour_sum"),)

    hour: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)


class RecountDue(Base):
    """A petition (or 0, for letters of none) whose sums are not to be trusted until its rows were counted once."""

    __tablename__ = "recount_due"

    petition_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
