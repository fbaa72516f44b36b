"""Proofs of work that were used, kept for as long as they could be used once more."""

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, UtcDateTime


class SpentProof(Base):
    """One proof that was used: the 32 bytes of its challenge's hash, and when it has expired by itself."""

    __tablename__ = "spent_proof"

    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    until: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
