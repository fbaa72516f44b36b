"""A petition: what it is, when it is open, what its form asks. Its texts and notices stand in texts.py."""

import os
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TypedDict

from sqlalchemy import JSON, CheckConstraint, LargeBinary, String, false
from sqlalchemy.orm import Mapped, mapped_column

from app.crypto import sealing
from app.db import Base, Serial, UtcDateTime
from app.models.same_row import keep_public_id
from app.models.signature import Visibility

PURPOSE = "mailbox-key"
FIELD_CHOICES = ("required", "optional", "off")


class AlteredPetition(sealing.CannotOpen):
    """Somebody gave this petition another one's public id or slug in the database: nobody has a role in it."""

    def __init__(self, public_id: bytes) -> None:
        super().__init__(
            f"the petition with the id {public_id.hex()} was altered in the database, or its data key is missing"
        )


class Standing(StrEnum):
    """The state of a petition: a draft is seen by its organisers only; only an open one takes signatures."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


class Initiator(TypedDict):
    """One of those who launched a petition. `country` is ISO 3166-1 alpha-2 or empty."""

    name: str
    affiliation: str
    country: str


class Donation(TypedDict):
    """Where money for the cause can be sent. `currency` is ISO 4217 or empty."""

    recipient: str
    iban: str
    currency: str
    bank: str
    note: str


class Link(TypedDict):
    """Something to read about the cause; `url` may be empty."""

    title: str
    source: str
    url: str


class Elsewhere(TypedDict):
    """Signatures gathered outside this site: shown apart, never added."""

    count: int
    source: str
    url: str


class Translation(TypedDict):
    """What a petition says in another language than its own: its text, and whatever of the rest is translated.

    `words` has short words of the petition and their translation. What is empty stays in the petition's language.
    """

    language: str
    title: str
    statement: str
    body: str
    addressed_to: str
    privacy: str
    thanks: str
    outcome: str
    labels: dict[str, str]
    words: dict[str, str]


ByLanguage = dict[str, str]


def _one_of(column: str, choices: tuple[str, ...] = FIELD_CHOICES) -> CheckConstraint:
    return CheckConstraint(f"{column} IN {choices}", name=column)


class Petition(Base):
    """What people sign: its slug, when it is open, what its form asks, who launched it.

    `default_visibility` is who may see a name if its signer does not choose; see `first_choice`. `image_alt` describes
    the header image, if any. `erased_at` is when erasing its signers began: then it never opens again. `deleted_at` is
    when its draft was deleted: only the row is left, for the log, under another slug. With `owners_write` only owners
    change its text once it was opened. Otherwise slug and public
    id never change; they are sealed with the mailbox key, or a writer of the database could pass it off as another.

    By language: `labels` name the form's questions, by field; `words` translate short words of the petition, by these
    words; `thanks` is for who has signed, `outcome` what became of it. Neither is needed where people sign.
    """

    __tablename__ = "petition"
    __table_args__ = (
        _one_of("affiliation_field"),
        _one_of("country_field"),
        _one_of("comment_field"),
        CheckConstraint("goal IS NULL OR goal > 0", name="goal"),
        CheckConstraint("deleted_at IS NULL OR opened_at IS NULL", name="only_drafts_deleted"),
        _one_of("default_visibility", tuple(one.value for one in Visibility)),
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    public_id: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True, default=lambda: os.urandom(16))
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    language: Mapped[str] = mapped_column(String(12))
    started_by: Mapped[str] = mapped_column(String(200))
    started_on: Mapped[date | None]
    goal: Mapped[int | None]
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closes_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    discreet: Mapped[bool] = mapped_column(server_default=false())
    owners_write: Mapped[bool] = mapped_column(default=False, server_default=false())
    contact: Mapped[str] = mapped_column(String(254))
    affiliation_field: Mapped[str] = mapped_column(String(8))
    country_field: Mapped[str] = mapped_column(String(8))
    comment_field: Mapped[str] = mapped_column(String(8))
    initiators: Mapped[list[Initiator]] = mapped_column(JSON)
    donations: Mapped[list[Donation]] = mapped_column(JSON)
    links: Mapped[list[Link]] = mapped_column(JSON)
    elsewhere: Mapped[Elsewhere | None] = mapped_column(JSON(none_as_null=True))
    donations_changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    default_visibility: Mapped[str | None] = mapped_column(String(10))
    labels: Mapped[dict[str, dict[str, str]] | None] = mapped_column(JSON(none_as_null=True))
    words: Mapped[dict[str, dict[str, str]] | None] = mapped_column(JSON(none_as_null=True))
    thanks: Mapped[ByLanguage | None] = mapped_column(JSON(none_as_null=True), deferred=True)
    outcome: Mapped[ByLanguage | None] = mapped_column(JSON(none_as_null=True), deferred=True)
    outcome_on: Mapped[date | None]
    image_alt: Mapped[str] = mapped_column(String(200), default="", server_default="")
    mailbox_key: Mapped[bytes] = mapped_column(LargeBinary)
    _opened: tuple[tuple[bytes, bytes], tuple[str, ...]] = ((b"", b""), ())

    @property
    def is_genuine(self) -> bool:
        """Whether this site gave this slug this public id. In another petition nobody has a role, and nothing opens."""
        try:
            return self._key_and_slug()[1:] == (self.slug,)
        except sealing.CannotOpen:
            return False

    def hash_key(self) -> bytes:
        """Return the petition's mailbox key, opened, 32 bytes. Raises CannotOpen."""
        return bytes.fromhex(self._key_and_slug()[0])

    def _key_and_slug(self) -> tuple[str, ...]:
        sealed = (self.public_id, self.mailbox_key)
        if self._opened[0] != sealed:  # opened once: a form needs it five times, a list for each of its signers
            self._opened = (sealed, sealing.unseal(PURPOSE, *sealed).fields)
        return self._opened[1]

    @property
    def first_choice(self) -> str:
        """Who may see a name if its signer does not choose: of a discreet petition the organisers alone."""
        return self.default_visibility or (Visibility.ORGANISERS if self.discreet else Visibility.DELIVERY)

    @property
    def last_day(self) -> date | None:
        """The last day (UTC) on which it can be signed; None if it has no closing time."""
        return (self.closes_at.astimezone(UTC) - timedelta(microseconds=1)).date() if self.closes_at else None

    def is_open(self, moment: datetime) -> bool:
        """Tell whether the petition takes signatures at `moment`."""
        return self.standing(moment) == Standing.OPEN

    def standing(self, moment: datetime) -> Standing:
        """Return the petition's state at `moment`.

        What was opened stays so, even by a clock that was set back since, or runs behind the one it was opened by.
        """
        if self.opened_at is None:
            return Standing.DRAFT
        if self.erased_at is not None:
            return Standing.CLOSED
        return Standing.OPEN if self.closes_at is None or moment < self.closes_at else Standing.CLOSED


keep_public_id(Petition)


def seal_mailbox_key(public_id: bytes, slug: str) -> bytes:
    """Return a new mailbox key, sealed with the public id and the slug that a new petition is given."""
    return sealing.seal(PURPOSE, public_id, (os.urandom(32).hex(), slug))
