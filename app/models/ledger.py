"""The ledger: one row for each change of a signature that matters to the count or to its proof."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Serial, UtcDateTime
from app.models.signature import words


class Kind(StrEnum):
    """What happened to a signature."""

    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"
    INVALIDATED = "invalidated"
    RESTORED = "restored"
    CORRECTED = "corrected"


DELTA = {Kind.CONFIRMED: 1, Kind.WITHDRAWN: -1, Kind.INVALIDATED: -1, Kind.RESTORED: 1, Kind.CORRECTED: 0}


def _delta_of_kind() -> str:
    return " OR ".join(f"(kind = '{kind}' AND delta = {delta})" for kind, delta in DELTA.items())


class LedgerEntry(Base):
    """One change of a signature. Rows are never altered, except that `folded` is set once `delta` is in the tally."""

    __tablename__ = "ledger"
    __table_args__ = (
        UniqueConstraint("signature_id", "change"),
        CheckConstraint(_delta_of_kind(), name="delta_of_kind"),
        Index(
            "ix_ledger_unfolded",
            "petition_id",
            sqlite_where=text("folded = 0"),
            postgresql_where=text("NOT folded"),
        ),
        Index("ix_ledger_petition_id_at_delta", "petition_id", "at", "delta"),
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"))
    signature_id: Mapped[int] = mapped_column(ForeignKey("signature.id"))
    change: Mapped[int]
    kind: Mapped[Kind] = mapped_column(words(Kind, "kind"))
    delta: Mapped[int] = mapped_column(SmallInteger)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    folded: Mapped[bool] = mapped_column(server_default=false(), default=False)


class Tally(Base):
    """The folded part of a petition's count: the sum of all ledger rows that are marked folded."""

    __tablename__ = "tally"

    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"), primary_key=True)
    base: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
