"""A petition's texts and privacy notices, which are insert-only, except for the text of a draft; its header image."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Serial, UtcDateTime


class PetitionText(Base):
    """A petition's text in one language and version. An edit adds the next version; in a draft it replaces the text.

    `after_signatures` is the verified count when this version was made. `search_text` is title and statement as
    normalised by app/petitions/search.py, for the search only.
    """

    __tablename__ = "petition_text"
    __table_args__ = (UniqueConstraint("petition_id", "language", "version"),)

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"))
    language: Mapped[str] = mapped_column(String(12))
    version: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    statement: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    search_text: Mapped[str] = mapped_column(Text, deferred=True)
    after_signatures: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Erasure(Base):
    """Records that all signatures under a privacy notice were erased, when its days were over."""

    __tablename__ = "erasure"

    notice_id: Mapped[int] = mapped_column(ForeignKey("privacy_notice.id"), primary_key=True, autoincrement=False)
    done_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Picture(Base):
    """The header image of a petition in one width, re-encoded from what was uploaded."""

    __tablename__ = "picture"
    __table_args__ = (UniqueConstraint("petition_id", "digest", "width"),)

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"))
    digest: Mapped[str] = mapped_column(String(32))
    width: Mapped[int]
    height: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary)


class PrivacyNotice(Base):
    """A version of what signers are told about their data: who the controller is, who gets it, how long it is kept.

    `translations` has addressee and `more` by language and column. Another one makes another version, as it must stay
    known what each signer read.
    """

    __tablename__ = "privacy_notice"
    __table_args__ = (UniqueConstraint("petition_id", "version"),)

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"))
    version: Mapped[int]
    controller_name: Mapped[str] = mapped_column(String(200))
    controller_address: Mapped[str] = mapped_column(Text)
    controller_email: Mapped[str] = mapped_column(String(254))
    addressed_to: Mapped[str] = mapped_column(Text)
    erase_after_days: Mapped[int]
    more: Mapped[str] = mapped_column(Text)
    translations: Mapped[dict[str, dict[str, str]] | None] = mapped_column(JSON(none_as_null=True))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def says(self) -> dict[str, Any]:
        """Return what this notice tells signers, by column: all but its version and date."""
        columns = (
            "controller_name",
            "controller_address",
            "controller_email",
            "addressed_to",
            "erase_after_days",
            "more",
            "translations",
        )
        return {column: getattr(self, column) for column in columns}
