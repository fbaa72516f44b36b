"""Passkeys of organisers. What each opens is sealed, so that whoever writes in the database without keys adds none."""

import hashlib
import os
from datetime import datetime
from typing import Any

from flask_security import AsaList, WebAuthnMixin
from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.crypto import sealing
from app.db import Base, Serial, UtcDateTime
from app.models.organiser import Organiser, readable


class Passkey(Base, WebAuthnMixin):  # type: ignore[misc]
    """A passkey of an organiser (W3C Web Authentication). Its name is typed by a person, so it is sealed."""

    __tablename__ = "passkey"
    __table_args__ = (Index("ix_passkey_user_id", "user_id"),)

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    public_id: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("organiser.id", ondelete="CASCADE"))
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1024), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(default=0)
    transports: Mapped[list[str] | None] = mapped_column(MutableList.as_mutable(AsaList()))
    backup_state: Mapped[bool] = mapped_column()
    device_type: Mapped[str] = mapped_column(String(64))
    extensions: Mapped[str | None] = mapped_column(Text)
    usage: Mapped[str] = mapped_column(String(16))
    sealed_name: Mapped[bytes] = mapped_column(LargeBinary)
    lastuse_datetime: Mapped[datetime] = mapped_column(UtcDateTime)

    user: Mapped[Organiser] = relationship(back_populates="webauthn")

    def __init__(self, name: str, owner: bytes, **columns: Any) -> None:
        """`owner` is the organiser's public id, which is sealed with name and credential."""
        super().__init__(**columns)
        self.public_id = os.urandom(16)
        self.sealed_name = sealing.seal("passkey-name", self.public_id, [name, self._digest(owner)])

    @property
    def name(self) -> str:
        """The name that its owner gave it; empty if it was altered in the database."""
        return (readable("passkey-name", self.public_id, self.sealed_name) or [""])[0]

    @property
    def is_genuine(self) -> bool:
        """Whether this is its owner's passkey as it was registered here. Another one opens nothing."""
        return readable("passkey-name", self.public_id, self.sealed_name)[1:] == [self._digest(self.user.public_id)]

    def _digest(self, owner: bytes) -> str:
        parts = (owner, self.credential_id, self.public_key, self.usage.encode())
        return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()

    def get_user_mapping(self) -> dict[str, Any]:
        """Return the columns by which Flask-Security finds the owner."""
        return {"id": self.user_id}
