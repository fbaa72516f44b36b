"""What came back: mailboxes that e-mails came back from, and which e-mails did."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, UtcDateTime
from app.models.signature import words


class Returned(StrEnum):
    """Why an e-mail came back, what matters least first: see Kind in app/bounces/verdict.py.

    UNSENT: it was not sent, since others to its mailbox had come back.
    """

    UNSENT = "unsent"
    DELAYED = "delayed"
    SOFT = "soft"
    BLOCKED = "blocked"
    FULL = "full"
    HARD = "hard"
    COMPLAINT = "complaint"


class BouncedMailbox(Base):
    """A mailbox that gets no more e-mails: there is none, or it complained. It is a keyed hash (app/outbox/bounced.py).

    `delay_seconds` is how long after it was sent the first e-mail came back.
    """

    __tablename__ = "bounced_mailbox"
    __table_args__ = (Index("ix_bounced_mailbox_since", "since"),)

    mailbox: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    kind: Mapped[Returned] = mapped_column(words(Returned, "kind"))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    delay_seconds: Mapped[int]

    @property
    def delay(self) -> timedelta:
        """How long after it was sent the first e-mail came back."""
        return timedelta(seconds=self.delay_seconds)


class ReturnedEmail(Base):
    """An e-mail that came back, by the random id of its row in the outbox; kept as long as such a row.

    From `shown_at` on, the page of the form that it was for says so. It may be later than `at`: who has just typed an
    address must not see whether others to it had come back before.
    """

    __tablename__ = "returned_email"
    __table_args__ = (
        Index("ix_returned_email_at", "at"),
        Index("ix_returned_email_petition_id_kind", "petition_id", "kind"),
    )

    public_id: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    petition_id: Mapped[int | None] = mapped_column(ForeignKey("petition.id"))
    kind: Mapped[Returned] = mapped_column(words(Returned, "kind"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    shown_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
