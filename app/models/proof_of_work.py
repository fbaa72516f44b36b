"""Proofs of work that were used, kept until they expire, so that none works twice."""

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, UtcDateTime


class SpentProof(Base):
    """A proof that was used: its challenge (a hash of 32 bytes), and when it expires."""

    __tablename__ = "spent_proof"

    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    until: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
