"""The audit log: one row for each act of an organiser. The database refuses to change or delete any."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Serial, UtcDateTime
from app.models.signature import words


class Act(StrEnum):
    """What an organiser did."""

    CREATED = "created"
    EDITED = "edited"
    IMPORTED = "imported"
    OPENED = "opened"
    CLOSED = "closed"
    REOPENED = "reopened"
    INVITED = "invited"
    JOINED = "joined"
    ROLE = "role"
    LEFT = "left"
    EXPORTED = "exported"
    INVALIDATED = "invalidated"
    RESTORED = "restored"
    HID = "hid"
    SHOWED = "showed"
    APPOINTED = "appointed"
    DISMISSED = "dismissed"
    DOMAIN = "domain"
    LOOKED = "looked"
    ALLOWED = "allowed"
    ENTITLED = "entitled"
    DISENTITLED = "disentitled"
    LISTED = "listed"
    SOUGHT = "sought"
    DELETED = "deleted"
    NEWS = "news"


class AuditEntry(Base):
    """Who did what to which petition, and when. `organiser_id` is NULL for commands.

    `subject_id` is the organiser that it was done to. `details` holds numbers, versions and fixed words: never anything
    about a signer, nor anything that a person typed.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_petition_id_id", "petition_id", "id"),
        Index("ix_audit_entry_petition_id_organiser_id", "petition_id", "organiser_id"),
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    petition_id: Mapped[int | None] = mapped_column(ForeignKey("petition.id"))
    organiser_id: Mapped[int | None] = mapped_column(ForeignKey("organiser.id"))
    subject_id: Mapped[int | None] = mapped_column(ForeignKey("organiser.id"))
    act: Mapped[Act] = mapped_column(words(Act, "act"))
    details: Mapped[dict[str, int | str]] = mapped_column(JSON)
