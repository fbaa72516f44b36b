"""Organisers: their accounts.

Whoever writes in the database without keys cannot make themselves an organiser: what opens an account and says what it
may do is sealed with it.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask_security import UserMixin
from sqlalchemy import CheckConstraint, Connection, LargeBinary, String, event, false
from sqlalchemy.orm import Mapped, Mapper, attributes, mapped_column, relationship

from app.crypto import sealing
from app.db import Base, Serial, UtcDateTime
from app.models.same_row import keep_public_id

if TYPE_CHECKING:
    from app.models.passkey import Passkey

RIGHTS = "organiser-rights"
EMAIL, NAME, TOTP, CODES = "organiser-email", "organiser-name", "organiser-totp", "organiser-codes"
# What `sealed_rights` covers; of the last ones only whether they are set.
COVERED = ("email_key", "password", "fs_uniquifier", "fs_webauthn_user_handle", "tf_primary_method")
COVERED_AS_YES_OR_NO = ("sealed_totp", "active", "is_administrator", "may_open", "joined_at")


class AlteredAccount(Exception):
    """Somebody altered this account in the database: nothing is to be added to what it may do."""

    def __init__(self, public_id: bytes) -> None:
        super().__init__(f"the account {public_id.hex()} was altered in the database")
        self.public_id = public_id


class Organiser(Base, UserMixin):  # type: ignore[misc]
    """An account. Address, name, second-factor secret and recovery codes are sealed.

    `email_key` is the mailbox's keyed hash. `may_open` is the right to open petitions, which administrators give; they
    have it themselves without it. Until `joined_at` is set it is an invitation, open until `invited_until`; whoever has
    joined and cannot sign in yet still has that. It is Flask-Security's user, which gives the columns that begin with
    `fs_` and `tf_` their names.

    `sealed_rights` is made anew with each change through the ORM, and must be given where a statement inserts a row.
    It is the row's version too: of two transactions that change the rights at once, the later one fails.
    """

    __tablename__ = "organiser"
    __table_args__ = (CheckConstraint("(email_key IS NULL) = (sealed_email IS NULL)", name="address_whole"),)

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    public_id: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    email_key: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True, active_history=True)
    sealed_email: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed_name: Mapped[bytes | None] = mapped_column(LargeBinary)
    language: Mapped[str] = mapped_column(String(12))
    is_administrator: Mapped[bool] = mapped_column(default=False, server_default=false(), active_history=True)
    may_open: Mapped[bool] = mapped_column(default=False, server_default=false(), active_history=True)
    active: Mapped[bool] = mapped_column(default=True, active_history=True)
    password: Mapped[str | None] = mapped_column(String(255), active_history=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True, active_history=True)
    fs_webauthn_user_handle: Mapped[str | None] = mapped_column(String(64), unique=True, active_history=True)
    tf_primary_method: Mapped[str | None] = mapped_column(String(16), active_history=True)
    sealed_totp: Mapped[bytes | None] = mapped_column(LargeBinary, active_history=True)
    totp_counter: Mapped[int | None] = mapped_column()
    sealed_recovery_codes: Mapped[bytes | None] = mapped_column(LargeBinary)
    generation: Mapped[int] = mapped_column(default=0, server_default="0")
    invited_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    joined_at: Mapped[datetime | None] = mapped_column(UtcDateTime, active_history=True)
    sealed_rights: Mapped[bytes] = mapped_column(LargeBinary)
    __mapper_args__ = {"version_id_col": sealed_rights, "version_id_generator": False}  # noqa: RUF012 - SQLAlchemy's

    webauthn: Mapped[list["Passkey"]] = relationship(back_populates="user", cascade="all, delete-orphan")
    _was_emptied = False
    roles: tuple[()] = ()  # Flask-Security's roles are not used: see Membership

    def __init__(self, email: str, email_key: bytes, language: str) -> None:
        self.public_id = os.urandom(16)
        self.email_key = email_key
        self.sealed_email = sealing.seal(EMAIL, self.public_id, [email])
        self.language = language
        self.active = True
        self.fs_uniquifier = secrets.token_hex(32)
        self.seal_rights()

    @property
    def is_genuine(self) -> bool:
        """Whether the account is as this site left it. Another one opens nothing."""
        sealed = {EMAIL: self.sealed_email, TOTP: self.sealed_totp, CODES: self.sealed_recovery_codes}
        opens = all(readable(purpose, self.public_id, value) for purpose, value in sealed.items() if value)
        return opens and self._is_sealed(self._rights())

    @property
    def email(self) -> str:
        """The e-mail address; empty once it is erased, and if it was altered in the database."""
        return (readable(EMAIL, self.public_id, self.sealed_email) or [""])[0]

    @property
    def name(self) -> str:
        """The name that they gave themselves; empty if they gave none, and if it was altered in the database."""
        return (readable(NAME, self.public_id, self.sealed_name) or [""])[0]

    @name.setter
    def name(self, name: str) -> None:
        self.sealed_name = sealing.seal(NAME, self.public_id, [name]) if name else None

    @property
    def introduced(self) -> str:
        """Name and address, as somebody is introduced to whom they invite; the address alone without a name."""
        return f"{self.name} ({self.email})" if self.name and self.email else self.email

    @property
    def can_sign_in(self) -> bool:
        """Whether there is a password or a passkey."""
        return bool(self.password or self.webauthn)

    @property
    def has_second_step(self) -> bool:
        """Whether more than a password opens the account: a passkey, or a code from an app."""
        return bool(self.tf_primary_method or self.webauthn)

    @property
    def tf_totp_secret(self) -> str | None:
        """The secret shared with the organiser's authenticator app."""
        return _unsealed(TOTP, self.public_id, self.sealed_totp)[0] if self.sealed_totp else None

    @tf_totp_secret.setter
    def tf_totp_secret(self, secret: str | None) -> None:
        # `totp_counter` stays, so that the code which set this secret up does not work a second time.
        self.sealed_totp = sealing.seal(TOTP, self.public_id, [secret]) if secret else None

    @property
    def mf_recovery_codes(self) -> list[str]:
        """The recovery codes that were not used yet."""
        return _unsealed(CODES, self.public_id, self.sealed_recovery_codes)

    @mf_recovery_codes.setter
    def mf_recovery_codes(self, codes: list[str] | None) -> None:
        self.sealed_recovery_codes = sealing.seal(CODES, self.public_id, codes) if codes else None

    tf_phone_number: None = None  # Flask-Security resets it; there is no SMS here

    def end_invitation(self) -> None:
        """End the invitation's link."""
        self.invited_until = None
        self.generation = (self.generation + 1) % 2**16  # two bytes in the token

    def erase(self) -> None:
        """Erase address and credentials. The row stays as a former organiser, for the audit log."""
        self._drop_credentials()
        self.email_key = self.sealed_email = self.sealed_name = self.invited_until = None
        self.active = False

    def begin_anew(self) -> None:
        """Make an altered account one that has to be joined anew, with its roles and no rights on the site."""
        self._drop_credentials()
        self.joined_at = None
        self.active = True

    def _drop_credentials(self) -> None:
        self.webauthn.clear()  # first, as it reads from the database, before which half of the changes would be written
        self.password = self.tf_primary_method = self.totp_counter = self.sealed_totp = None
        self.sealed_recovery_codes = self.fs_webauthn_user_handle = None
        self._was_emptied = True
        self.is_administrator = self.may_open = False
        self.fs_uniquifier = secrets.token_hex(32)  # ends sessions, and makes links in earlier letters invalid

    def seal_rights(self) -> None:
        """Seal what opens this account and what it may do."""
        self.sealed_rights = sealing.seal_bytes(RIGHTS, self.public_id, _digest_rights(self._rights()))

    def seal_changes(self) -> None:
        """Seal the rights anew if they were changed; raise AlteredAccount if they were altered before that."""
        history = {name: attributes.get_history(self, name) for name in self._rights()}
        if not any(one.has_changes() for one in history.values()):
            return
        before = {name: (*one.deleted, *one.unchanged, None)[0] for name, one in history.items()}
        if not self._was_emptied and not self._is_sealed(before):
            raise AlteredAccount(self.public_id)
        self.seal_rights()

    def _rights(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in (*COVERED, *COVERED_AS_YES_OR_NO)}

    def _is_sealed(self, values: Mapping[str, Any]) -> bool:
        try:
            return sealing.unseal_bytes(RIGHTS, self.public_id, self.sealed_rights) == _digest_rights(values)
        except sealing.CannotOpen:
            return False


keep_public_id(Organiser)


@event.listens_for(Organiser, "before_update")
def _seal_changes(mapper: Mapper[Organiser], connection: Connection, organiser: Organiser) -> None:
    organiser.seal_changes()


@event.listens_for(Organiser, "before_insert")
def _seal_new(mapper: Mapper[Organiser], connection: Connection, organiser: Organiser) -> None:
    organiser.seal_rights()


def _digest_rights(values: Mapping[str, Any]) -> bytes:
    facts = [values[name] for name in COVERED] + [bool(values[name]) for name in COVERED_AS_YES_OR_NO]
    return hashlib.sha256(json.dumps(facts, default=bytes.hex).encode()).digest()


def _unsealed(purpose: str, public_id: bytes, sealed: bytes | None) -> list[str]:
    return list(sealing.unseal(purpose, public_id, sealed).fields) if sealed else []


def readable(purpose: str, public_id: bytes, sealed: bytes | None) -> list[str]:
    """Return the sealed fields; none where they were altered in the database, so that no page fails by it."""
    try:
        return _unsealed(purpose, public_id, sealed)
    except sealing.CannotOpen:
        return []
