"""Drafts: what forms said that nobody has confirmed yet, with their copies; tried codes; mailboxes that declined."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, String, false, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, UtcDateTime
from app.models.signature import TRACED, Visibility, words


class Draft(Base):
    """What one form said. It is inserted, and no other form changes it; confirming makes a signature with its id.

    `sealed`, `email_key` and the traces are as in a signature. `expires_at` is NULL while the letter still waits;
    `code_hash`, a keyed hash of the code in the newest letter, is there only if that letter was sent or is being sent.
    Where no letter is to be sent, the draft is deleted.

    A closed draft is one whose mailbox has confirmed another one, or declined: its data is erased, and the row stays
    until it expires, so that its link can tell that. `signature_id` is then the signature that the mailbox has.
    """

    __tablename__ = "draft"
    __table_args__ = (
        CheckConstraint("sealed IS NULL OR (email_key IS NOT NULL AND signature_id IS NULL)", name="open_has_key"),
        CheckConstraint("sealed IS NOT NULL OR code_hash IS NULL", name="closed_has_no_code"),
        Index("ix_draft_petition_id_email_key", "petition_id", "email_key"),
        Index("ix_draft_expires_at", "expires_at"),
        Index("ix_draft_signature_id", "signature_id"),
        Index("ix_draft_traced", "signed_at", sqlite_where=TRACED, postgresql_where=TRACED),
    )

    public_id: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"))
    text_id: Mapped[int] = mapped_column(ForeignKey("petition_text.id"))
    notice_id: Mapped[int] = mapped_column(ForeignKey("privacy_notice.id"))
    language: Mapped[str] = mapped_column(String(12))
    email_key: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    country: Mapped[str] = mapped_column(String(2))
    visibility: Mapped[Visibility] = mapped_column(words(Visibility, "visibility"))
    updates: Mapped[bool] = mapped_column(server_default=false())
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    code_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    reminded: Mapped[bool] = mapped_column(server_default=false())
    signature_id: Mapped[int | None] = mapped_column(ForeignKey("signature.id", ondelete="CASCADE"))
    network_key: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    domain_key: Mapped[bytes | None] = mapped_column(LargeBinary(32))


# What closing a draft sets: all that tells or hints who signed is erased.
CLOSED: dict[str, object] = {
    **dict.fromkeys(("sealed", "code_hash", "network_key", "domain_key")),
    "country": "",
    "visibility": Visibility.ORGANISERS,
    "updates": False,
}


class FormCopy(Base):
    """What one form said, without its address, to be sent out again to another one (see app/signing/readdress.py).

    It lies apart from the draft, since whoever reads the first mailbox confirms or declines that: if this went with it,
    a stranger would see it go. What that mailbox erased is erased all the same: id and key of the copy are made of a
    secret that is only in the page of whoever typed it, so that nobody else can open it.
    """

    __tablename__ = "form_copy"
    __table_args__ = (Index("ix_form_copy_until", "until"),)

    public_id: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"))
    text_id: Mapped[int] = mapped_column(ForeignKey("petition_text.id"))
    notice_id: Mapped[int] = mapped_column(ForeignKey("privacy_notice.id"))
    language: Mapped[str] = mapped_column(String(12))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    network_key: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    until: Mapped[datetime] = mapped_column(UtcDateTime)


class CodeTries(Base):
    """How many codes were typed for a mailbox in its petition since `since`, whether or not it has a draft."""

    __tablename__ = "code_tries"
    __table_args__ = (Index("ix_code_tries_since", "since"),)

    email_key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    tries: Mapped[int] = mapped_column(SmallInteger)
    since: Mapped[datetime] = mapped_column(UtcDateTime)


class Declined(Base):
    """A mailbox that pressed "it was not me" in this petition, which sends it no more letters.

    It can be undone until `undo_until`; `unwanted` is the mailbox if declining also unsubscribed it.
    """

    __tablename__ = "declined"
    __table_args__ = (
        Index(
            "ix_declined_unwanted",
            "undo_until",
            sqlite_where=text("unwanted IS NOT NULL"),
            postgresql_where=text("unwanted IS NOT NULL"),
        ),
    )

    email_key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"), index=True)
    undo_until: Mapped[datetime] = mapped_column(UtcDateTime)
    unwanted: Mapped[bytes | None] = mapped_column(LargeBinary(16))
