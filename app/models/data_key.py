"""Data keys in use, so that a start without one of them is refused."""

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, UtcDateTime


class DataKey(Base):
    """A key that is or was in use: its id (see app/crypto/sealing.py), never the key itself.

    `probe` is an empty value sealed with this key, to tell it from another one with the same id. `retired_at` is when
    everything that it had sealed was found to be sealed anew; until then the site needs the key.
    """

    __tablename__ = "data_key"

    key_id: Mapped[bytes] = mapped_column(LargeBinary(4), primary_key=True)
    public_id: Mapped[bytes] = mapped_column(LargeBinary(16))
    probe: Mapped[bytes] = mapped_column(LargeBinary)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
