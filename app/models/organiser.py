"""Organisers: their accounts, their passkeys, and what they may do with which petition."""

import os
import secrets
from datetime import datetime
from enum import StrEnum
from typing import Any

from flask_security import AsaList, UserMixin, WebAuthnMixin
from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, String, Text, false
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.crypto import sealing
from app.db import Base, Serial, UtcDateTime
from app.models.signature import words


class Role(StrEnum):
    """An organiser's role in a petition: viewers see its numbers, editors change it, owners decide who else may."""

    VIEWER = "viewer"
    EDITOR = "editor"
    OWNER = "owner"


class Organiser(Base, UserMixin):  # type: ignore[misc]
    """An account. Address, second-factor secret and recovery codes are sealed; `email_key` is the mailbox's keyed hash.

    `may_open` is the right to open petitions, which administrators give; they have it themselves without it.
    Until `joined_at` is set it is an invitation, open until `invited_until`. It is Flask-Security's user, which gives
    the columns that begin with `fs_` and `tf_` their names.
    """

    __tablename__ = "organiser"
    __table_args__ = (CheckConstraint("(email_key IS NULL) = (sealed_email IS NULL)", name="address_whole"),)

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    public_id: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    email_key: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    sealed_email: Mapped[bytes | None] = mapped_column(LargeBinary)
    language: Mapped[str] = mapped_column(String(12))
    is_administrator: Mapped[bool] = mapped_column(default=False, server_default=false())
    may_open: Mapped[bool] = mapped_column(default=False, server_default=false())
    active: Mapped[bool] = mapped_column(default=True)
    password: Mapped[str | None] = mapped_column(String(255))
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    fs_webauthn_user_handle: Mapped[str | None] = mapped_column(String(64), unique=True)
    tf_primary_method: Mapped[str | None] = mapped_column(String(16))
    sealed_totp: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_counter: Mapped[int | None] = mapped_column()
    sealed_recovery_codes: Mapped[bytes | None] = mapped_column(LargeBinary)
    generation: Mapped[int] = mapped_column(default=0, server_default="0")
    invited_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    joined_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    webauthn: Mapped[list["Passkey"]] = relationship(back_populates="user", cascade="all, delete-orphan")
    roles: tuple[()] = ()  # Flask-Security's roles are not used: see Membership

    def __init__(self, email: str, email_key: bytes, language: str) -> None:
        self.public_id = os.urandom(16)
        self.email_key = email_key
        self.sealed_email = sealing.seal("organiser-email", self.public_id, [email])
        self.language = language
        self.fs_uniquifier = secrets.token_hex(32)

    @property
    def email(self) -> str:
        """The e-mail address; empty once it is erased."""
        return _unsealed("organiser-email", self.public_id, self.sealed_email)[0] if self.sealed_email else ""

    @property
    def has_second_step(self) -> bool:
        """Whether more than a password opens the account: a passkey, or a code from an app."""
        return bool(self.tf_primary_method or self.webauthn)

    @property
    def tf_totp_secret(self) -> str | None:
        """The secret shared with the organiser's authenticator app."""
        return _unsealed("organiser-totp", self.public_id, self.sealed_totp)[0] if self.sealed_totp else None

    @tf_totp_secret.setter
    def tf_totp_secret(self, secret: str | None) -> None:
        # `totp_counter` stays, so that the code which set this secret up does not work a second time.
        self.sealed_totp = sealing.seal("organiser-totp", self.public_id, [secret]) if secret else None

    @property
    def mf_recovery_codes(self) -> list[str]:
        """The recovery codes that were not used yet."""
        return _unsealed("organiser-codes", self.public_id, self.sealed_recovery_codes)

    @mf_recovery_codes.setter
    def mf_recovery_codes(self, codes: list[str] | None) -> None:
        self.sealed_recovery_codes = sealing.seal("organiser-codes", self.public_id, codes) if codes else None

    tf_phone_number: None = None  # Flask-Security resets it; there is no SMS here

    def erase(self) -> None:
        """Erase address and credentials. The row stays as a former organiser, for the audit log."""
        self.email_key = self.sealed_email = self.sealed_totp = self.sealed_recovery_codes = None
        self.password = self.tf_primary_method = self.totp_counter = self.invited_until = None
        self.active = self.is_administrator = self.may_open = False
        self.fs_uniquifier = secrets.token_hex(32)  # ends sessions, and makes links in earlier letters invalid
        self.webauthn.clear()


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

    def __init__(self, name: str, **columns: Any) -> None:
        self.public_id = os.urandom(16)
        self.sealed_name = sealing.seal("passkey-name", self.public_id, [name])
        super().__init__(**columns)

    @property
    def name(self) -> str:
        """The name that its owner gave it."""
        return _unsealed("passkey-name", self.public_id, self.sealed_name)[0]

    def get_user_mapping(self) -> dict[str, Any]:
        """Return the columns by which Flask-Security finds the owner."""
        return {"id": self.user_id}


class SignIn(Base):
    """A session of an organiser, open until they sign out, at the latest `until`.

    `key` is a keyed hash of the cookie's secret, so that a stolen database opens no session.
    """

    __tablename__ = "sign_in"
    __table_args__ = (Index("ix_sign_in_organiser_id", "organiser_id"), Index("ix_sign_in_until", "until"))

    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    organiser_id: Mapped[int] = mapped_column(ForeignKey("organiser.id", ondelete="CASCADE"))
    until: Mapped[datetime] = mapped_column(UtcDateTime)


class Membership(Base):
    """An organiser's role in a petition, or an invitation to it that is open until `invited_until`.

    Until they accept, other members see the address as the inviter typed it, and so learn nothing of the account.
    """

    __tablename__ = "membership"
    __table_args__ = (
        CheckConstraint("(invited_until IS NULL) = (sealed_address IS NULL)", name="invitation_whole"),
        Index("ix_membership_organiser_id", "organiser_id"),
    )

    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"), primary_key=True, autoincrement=False)
    organiser_id: Mapped[int] = mapped_column(ForeignKey("organiser.id"), primary_key=True, autoincrement=False)
    role: Mapped[Role] = mapped_column(words(Role, "role"))
    invited_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sealed_address: Mapped[bytes | None] = mapped_column(LargeBinary)

    def invite(self, organiser: Organiser, address: str, until: datetime) -> None:
        """Make this an invitation to the organiser, sent to this address and open until then."""
        self.invited_until = until
        self.sealed_address = sealing.seal("invited-address", organiser.public_id, [address])

    def accept(self) -> None:
        """Accept the invitation."""
        self.invited_until = self.sealed_address = None

    def address(self, organiser: Organiser) -> str:
        """Return the organiser's address as the petition's members may see it."""
        if self.sealed_address is None:
            return organiser.email
        return _unsealed("invited-address", organiser.public_id, self.sealed_address)[0]


class LoginAttempt(Base):
    """How many attempts were made at a secret since `since`: `key` is a keyed hash of which secret, and whose."""

    __tablename__ = "login_attempt"
    __table_args__ = (Index("ix_login_attempt_since", "since"),)

    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    attempts: Mapped[int] = mapped_column(SmallInteger)
    since: Mapped[datetime] = mapped_column(UtcDateTime)


def _unsealed(purpose: str, public_id: bytes, sealed: bytes | None) -> list[str]:
    return list(sealing.unseal(purpose, public_id, sealed).fields) if sealed else []
