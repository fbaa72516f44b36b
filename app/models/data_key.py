"""Data keys: which ones something may be sealed with, so that a start without one of them is noticed."""

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, UtcDateTime


class DataKey(Base):
    """A key that was in use, known by its id (see app/crypto/sealing.py) and never kept itself.

    `probe` is nothing, sealed with exactly that key. `retired_at` is when everything that it had sealed was found to
    be sealed with a newer one; until then the site needs it.
    """

    __tablename__ = "data_key"

    key_id: Mapped[bytes] = mapped_column(LargeBinary(4), primary_key=True)
    public_id: Mapped[bytes] = mapped_column(LargeBinary(16))
    probe: Mapped[bytes] = mapped_column(LargeBinary)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
