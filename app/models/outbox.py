"""The outbox: letters that wait, were sent, or failed; and mailboxes that want none."""

import os
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, Text, false, text, true
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Serial, UtcDateTime
from app.models.signature import words


class Occasion(StrEnum):
    """Why a letter may be due. Which letter it is, the worker decides by what the mailbox has confirmed."""

    SIGNED = "signed"
    CONFIRMED = "confirmed"
    ORGANISER = "organiser"
    ENTRY = "entry"
    REMINDER = "reminder"
    NEWS = "news"


class OutboxProgress(StrEnum):
    """The progress of a letter. SILENT: none was needed, or the mailbox limit was reached. HELD: since a restore."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    SILENT = "silent"
    HELD = "held"


class Unwanted(Base):
    """A mailbox that has unsubscribed from all petitions' letters, as a keyed hash (see app/outbox/unwanted.py).

    `consent_ended` says that its consent to updates was looked for in all signatures, and ended.
    """

    __tablename__ = "unwanted"

    mailbox: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    consent_ended: Mapped[bool] = mapped_column(server_default=false())


class OutboxRow(Base):
    """One letter.

    To a signer, it holds neither address nor text: both are looked up when it is sent, in the draft that asks for
    confirmation, or in the signature if there is one. To an organiser, `sealed` is the letter until it was sent.

    `generation` is that of the new link in a letter with a link to an entry. `mailbox` is a keyed hash by which letters
    to one mailbox are counted across petitions, and `is_tagged` tells that the address has a tag that may not arrive
    (see app/outbox/mailbox_limit.py); `allowed_at` is when this one was written, or counted though no letter was due.
    `had_proof_of_work` is false if a form without one caused the letter; the slow lane may then defer it until
    `deferred_until`, in the turn of `lane_key`, a keyed hash of the form's network that is erased when the letter
    leaves; `turn_at` is when its turn came, or it was counted as a request, whatever became of the letter. `claim` is
    drawn by the worker that holds the row until `leased_until`. `provider_key` is a keyed hash of the mailbox provider
    that it waits for, erased like `lane_key`, and `leaves_at` from when on it has a place there, if it has. A
    signature has one for each `news_id`.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint("occasion = 'organiser' OR petition_id IS NOT NULL", name="petition_of_signer"),
        CheckConstraint("occasion = 'organiser' OR sealed IS NULL", name="sealed_of_organiser"),
        Index("ix_outbox_due", "progress", "priority", "due_at", "id"),
        Index("ix_outbox_mailbox_allowed_at", "mailbox", "allowed_at"),
        Index("ix_outbox_signature_id", "signature_id"),
        Index("ix_outbox_draft_id", "draft_id"),
        Index("uq_outbox_news_id", "news_id", "signature_id", unique=True),
        Index(
            "uq_outbox_waiting_request",
            "mailbox",
            unique=True,
            sqlite_where=text("priority = 10000 AND progress = 'waiting'"),
            postgresql_where=text("priority = 10000 AND progress = 'waiting'"),
        ),
        Index("ix_outbox_petition_id_progress", "petition_id", "progress"),
        Index(
            "ix_outbox_without_proof_queued_at",
            "petition_id",
            "queued_at",
            sqlite_where=text("had_proof_of_work = 0"),
            postgresql_where=text("NOT had_proof_of_work"),
        ),
        Index(
            "ix_outbox_without_proof_turn_at",
            "petition_id",
            "turn_at",
            sqlite_where=text("had_proof_of_work = 0 AND turn_at IS NOT NULL"),
            postgresql_where=text("NOT had_proof_of_work AND turn_at IS NOT NULL"),
        ),
        Index(
            "ix_outbox_ended_at",
            "ended_at",
            sqlite_where=text("ended_at IS NOT NULL"),
            postgresql_where=text("ended_at IS NOT NULL"),
        ),
        Index(
            "ix_outbox_deferred",
            "petition_id",
            "deferred_until",
            sqlite_where=text("deferred_until IS NOT NULL"),
            postgresql_where=text("deferred_until IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    public_id: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True, default=lambda: os.urandom(16))
    signature_id: Mapped[int | None] = mapped_column(ForeignKey("signature.id", ondelete="SET NULL"))
    draft_id: Mapped[bytes | None] = mapped_column(LargeBinary(16), ForeignKey("draft.public_id", ondelete="SET NULL"))
    petition_id: Mapped[int | None] = mapped_column(ForeignKey("petition.id"))
    news_id: Mapped[int | None] = mapped_column(ForeignKey("news.id"))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    occasion: Mapped[Occasion] = mapped_column(words(Occasion, "occasion"))
    priority: Mapped[int] = mapped_column(SmallInteger)
    mailbox: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    is_tagged: Mapped[bool] = mapped_column(default=False, server_default=false())
    had_proof_of_work: Mapped[bool] = mapped_column(default=True, server_default=true())
    lane_key: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    provider_key: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    leaves_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deferred_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    progress: Mapped[OutboxProgress] = mapped_column(words(OutboxProgress, "progress"), default=OutboxProgress.WAITING)
    queued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    turn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    allowed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(server_default="0")
    claim: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    generation: Mapped[int | None]
    reply: Mapped[str] = mapped_column(Text, server_default="")
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
