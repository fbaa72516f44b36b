"""News: what organisers write to the verified signers who agreed to updates, and how far its e-mails have come."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Serial, UtcDateTime
from app.models.signature import words


class NewsState(StrEnum):
    """The state of a piece of news. ASKED: an owner has asked to send it, and another one or a delay must pass."""

    DRAFT = "draft"
    ASKED = "asked"
    SENDING = "sending"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    SENT = "sent"


class PauseReason(StrEnum):
    """Why the sending of news is paused."""

    OWNER = "owner"
    COMPLAINTS = "complaints"
    BOUNCES = "bounces"
    RESTORED = "restored"


BEGUN = text("began_at IS NOT NULL")


class News(Base):
    """One piece of news about a petition. `number` is its address: it counts up in each petition.

    `revision` counts the changes of a draft, so that nobody saves over what somebody else wrote meanwhile. `asked_by`
    is the owner who asked to send it, at `asked_at`; it begins at `due_at`, or when `consented_by`, another owner, says
    so. If whoever had the last word of these is no owner any more by then, it is a draft again, and `asker_left` says
    why until somebody asks anew. It is public from `began_at` on until it is cancelled, unless the petition is
    discreet. `queued_up_to` is the highest id of a signature that was looked at for its e-mails, and `all_queued` says
    that there are no more; once it is cancelled, that those which waited have ended.

    `watched_since` is from when on complaints and bounces are counted that pause it. The numbers are those of outbox
    rows that were deleted since: see app/petitions/news_numbers.py.
    """

    __tablename__ = "news"
    __table_args__ = (
        UniqueConstraint("petition_id", "number"),
        CheckConstraint("(state = 'draft') = (asked_at IS NULL)", name="asked"),
        CheckConstraint("(state = 'paused') = (pause_reason IS NOT NULL)", name="reason_of_paused"),
        CheckConstraint("consented_by IS NULL OR consented_by <> asked_by", name="consent_of_another"),
        CheckConstraint("state NOT IN ('sending', 'sent') OR began_at IS NOT NULL", name="begun"),
        Index("ix_news_begun", "petition_id", "began_at", sqlite_where=BEGUN, postgresql_where=BEGUN),
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"))
    number: Mapped[int]
    state: Mapped[NewsState] = mapped_column(words(NewsState, "state"), default=NewsState.DRAFT)
    pause_reason: Mapped[PauseReason | None] = mapped_column(words(PauseReason, "pause_reason"))
    is_outcome: Mapped[bool] = mapped_column(default=False, server_default=false())
    revision: Mapped[int] = mapped_column(default=0, server_default="0")
    written_by: Mapped[int] = mapped_column(ForeignKey("organiser.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("organiser.id"))
    asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    consented_by: Mapped[int | None] = mapped_column(ForeignKey("organiser.id"))
    asker_left: Mapped[bool] = mapped_column(default=False, server_default=false())
    began_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    watched_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    queued_up_to: Mapped[int] = mapped_column(Serial, default=0, server_default="0")
    all_queued: Mapped[bool] = mapped_column(default=False, server_default=false())
    sent: Mapped[int] = mapped_column(default=0, server_default="0")
    silent: Mapped[int] = mapped_column(default=0, server_default="0")
    refused: Mapped[int] = mapped_column(default=0, server_default="0")
    unsubscribed: Mapped[int] = mapped_column(default=0, server_default="0")


class NewsText(Base):
    """What a piece of news says in one language: the subject of its e-mail, and its text in Markdown.

    `about_petition` is what the e-mail says of the petition, as it was when an owner asked to send it: see
    app/updates/about_petition.py. Empty until then.
    """

    __tablename__ = "news_text"

    news_id: Mapped[int] = mapped_column(ForeignKey("news.id"), primary_key=True)
    language: Mapped[str] = mapped_column(String(12), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    about_petition: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
