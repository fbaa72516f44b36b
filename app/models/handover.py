"""Hand-overs (each time that signatures left the site as a list), and PDF deliveries, which the worker makes."""

import os
from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, String, false, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Serial, UtcDateTime
from app.models.signature import words


class Format(StrEnum):
    """The file format of a list."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"
    PDF = "pdf"


class Making(StrEnum):
    """The progress of a delivery."""

    WAITING = "waiting"
    MAKING = "making"
    READY = "ready"
    FAILED = "failed"


class HandOver(Base):
    """One list that was requested: by which organiser (NULL: by command), for which recipient, with which rows.

    `taken_at` is when its download was requested, which works once. `rows` is NULL until all of it was sent.
    `rows_known` means that it has ended, whole or not, and that its HandOverBlocks say which rows went out. A person
    types the recipient, so that is sealed.
    """

    __tablename__ = "hand_over"
    __table_args__ = (Index("ix_hand_over_petition_id_id", "petition_id", "id"),)

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    public_id: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True, default=lambda: os.urandom(16))
    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"))
    organiser_id: Mapped[int | None] = mapped_column(ForeignKey("organiser.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    format: Mapped[Format] = mapped_column(words(Format, "format"))
    choice: Mapped[dict[str, object]] = mapped_column(JSON)
    sealed_recipient: Mapped[bytes] = mapped_column(LargeBinary)
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    rows: Mapped[int | None] = mapped_column(BigInteger)
    rows_known: Mapped[bool] = mapped_column(default=False, server_default=false())


class HandOverBlock(Base):
    """Which of 65,536 signature ids went out with a list: `sent` is a block of app/export/sent_rows.py.

    An erased signature stays in it: that the list had it remains true.
    """

    __tablename__ = "hand_over_block"

    hand_over_id: Mapped[int] = mapped_column(
        ForeignKey("hand_over.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    block: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    sent: Mapped[bytes] = mapped_column(LargeBinary)


UNFINISHED = text("making IN ('waiting', 'making')")


class Delivery(Base):
    """The PDF of a hand-over, made by the worker; a petition has at most one that is not finished.

    `claim` is drawn by the worker that makes it, and holds until `leased_until`. When signatures in its list change, a
    delivery is recalled and its volumes are deleted.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        Index("ix_delivery_making", "making", "id"),
        Index(
            "ix_delivery_unfinished", "petition_id", unique=True, sqlite_where=UNFINISHED, postgresql_where=UNFINISHED
        ),
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    hand_over_id: Mapped[int] = mapped_column(ForeignKey("hand_over.id"), unique=True)
    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"))
    language: Mapped[str] = mapped_column(String(12))
    making: Mapped[Making] = mapped_column(words(Making, "making"), default=Making.WAITING)
    rows_wanted: Mapped[int] = mapped_column(BigInteger)
    rows_done: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    claim: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ready_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    recalled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DeliveryVolume(Base):
    """One volume of a delivery, sealed. It is deleted after a day, or when the delivery is recalled."""

    __tablename__ = "delivery_volume"

    delivery_id: Mapped[int] = mapped_column(
        ForeignKey("delivery.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    public_id: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
