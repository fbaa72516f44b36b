"""A signature: one row for each petition and mailbox that confirmed, in whatever state."""

import os
from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    Enum,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Serial, UtcDateTime


class State(StrEnum):
    """The state of a signature. Only verified ones count."""

    VERIFIED = "verified"
    WITHDRAWN = "withdrawn"
    INVALIDATED = "invalidated"


class Visibility(StrEnum):
    """Who may see the signer's name: everyone, the addressee, or the organisers alone."""

    PUBLIC = "public"
    DELIVERY = "delivery"
    ORGANISERS = "organisers"


class Reason(StrEnum):
    """Why an organiser invalidated a signature."""

    MADE_UP = "made-up"
    DUPLICATE = "duplicate"
    NOT_THEIRS = "not-theirs"
    AUTOMATED = "automated"
    OFFENSIVE = "offensive"
    OTHER = "other"


def words(kind: type[StrEnum], name: str) -> Enum:
    """Return a column type for the values of an enum, stored as text and checked by the database."""
    return Enum(
        kind,
        name=name,
        native_enum=False,
        length=12,
        create_constraint=True,
        values_callable=lambda members: [member.value for member in members],
    )


# The values that erasing sets, for each column that tells or hints who signed. Not `email_key`: it keeps a mailbox from
# signing twice for as long as that matters.
ERASED: dict[str, object] = {
    **dict.fromkeys(("sealed", "note_sealed", "network_key", "domain_key", "updates_at")),
    "country": "",
    "visibility": Visibility.ORGANISERS,
    "updates": False,
}
TRACED = text("network_key IS NOT NULL OR domain_key IS NOT NULL")


class Signature(Base):
    """What was confirmed. Who signed is in `sealed` and nowhere else; `email_key` is a keyed hash of the mailbox.

    `public_id` was its draft's (see app/models/draft.py). `changes` counts its rows in the ledger. `verified_at` is
    the order of lists. `reason` and the organiser's sealed note say why it is invalidated; the note is erased with the
    signer's data. `network_key` and `domain_key` are keyed hashes that detect bursts, kept for two days (see
    app/signing/traces.py). `updates_at` is when the signer agreed to updates, if not with the form.
    """

    __tablename__ = "signature"
    __table_args__ = (
        UniqueConstraint("petition_id", "email_key"),
        CheckConstraint("sealed IS NULL OR email_key IS NOT NULL", name="sealed_has_key"),
        CheckConstraint("state <> 'withdrawn' OR sealed IS NULL", name="erased_data"),
        CheckConstraint("(state = 'invalidated') = (reason IS NOT NULL)", name="reason_of_invalidated"),
        CheckConstraint(
            "note_sealed IS NULL OR (state = 'invalidated' AND sealed IS NOT NULL)", name="note_of_invalidated"
        ),
        Index(
            "ix_signature_public_names",
            "petition_id",
            "verified_at",
            "id",
            sqlite_where=text("state = 'verified' AND visibility = 'public' AND hidden_name = 0"),
            postgresql_where=text("state = 'verified' AND visibility = 'public' AND NOT hidden_name"),
        ),
        Index("ix_signature_list", "petition_id", "state", "verified_at", "public_id"),
        Index(
            "ix_signature_list_of_country", "petition_id", "country", "state", "verified_at", "public_id", "language"
        ),
        Index(
            "ix_signature_verified",
            "petition_id",
            "verified_at",
            "id",
            sqlite_where=text("state = 'verified'"),
            postgresql_where=text("state = 'verified'"),
        ),
        Index("ix_signature_traced", "signed_at", sqlite_where=TRACED, postgresql_where=TRACED),
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    public_id: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True, default=lambda: os.urandom(16))
    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"))
    text_id: Mapped[int] = mapped_column(ForeignKey("petition_text.id"))
    notice_id: Mapped[int] = mapped_column(ForeignKey("privacy_notice.id"))
    language: Mapped[str] = mapped_column(String(12))
    state: Mapped[State] = mapped_column(words(State, "state"))
    email_key: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    country: Mapped[str] = mapped_column(String(2))
    visibility: Mapped[Visibility] = mapped_column(words(Visibility, "visibility"))
    updates: Mapped[bool] = mapped_column(server_default=false())
    updates_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    generation: Mapped[int] = mapped_column(default=0, server_default="0")
    changes: Mapped[int] = mapped_column(default=0, server_default="0")
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    verified_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[Reason | None] = mapped_column(words(Reason, "reason"))
    note_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    network_key: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    domain_key: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    hidden_name: Mapped[bool] = mapped_column(default=False, server_default=false())
    hidden_comment: Mapped[bool] = mapped_column(default=False, server_default=false())

    def erase(self) -> None:
        """Erase the signer's data. The state stays, and so does the version of the text that was signed."""
        for column, value in ERASED.items():
            setattr(self, column, value)
