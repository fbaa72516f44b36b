"""Signing in: sessions, and attempts at secrets."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, UtcDateTime


class SignIn(Base):
    """A session of an organiser, open until they sign out, at the latest `until`.

    `key` is a keyed hash of the cookie's secret, so that a stolen database opens no session.
    """

    __tablename__ = "sign_in"
    __table_args__ = (Index("ix_sign_in_organiser_id", "organiser_id"), Index("ix_sign_in_until", "until"))

    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    organiser_id: Mapped[int] = mapped_column(ForeignKey("organiser.id", ondelete="CASCADE"))
    until: Mapped[datetime] = mapped_column(UtcDateTime)


class LoginAttempt(Base):
    """How many attempts were made at a secret since `since`: `key` is a keyed hash of which secret, and whose."""

    __tablename__ = "login_attempt"
    __table_args__ = (Index("ix_login_attempt_since", "since"),)

    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    attempts: Mapped[int] = mapped_column(SmallInteger)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
