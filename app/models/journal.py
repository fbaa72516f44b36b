"""The journal of erasures: what people took back, to be taken back again after a restore from an older backup."""

from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, Session, mapped_column

from app import clock
from app.crypto import tokens
from app.db import Base, Serial, UtcDateTime, insert
from app.models.signature import words


class Change(StrEnum):
    """What was taken back, or given again; and what the key in its row of the journal is made of.

    WITHDRAWN: a signature's public id, and then, unless its row was altered, its petition's and the mailbox's key in
    that. CORRECTED: a signature's public id, and the digest of what the entry said before. CONSENT: the public id of a
    signature whose consent to updates ended. DRAFT: that of a draft that was sent on. DECLINED, LIFTED: a petition's
    public id and the mailbox's key in it. UNWANTED, WANTED: the site's hash of a mailbox. ACCOUNT: an organiser's
    public id. ENDED: a petition's public id, and when it had closed (see `moment_to_bytes`).

    The site answers for each by its keyed hash. So a mailbox's key is made of the address that is sealed, not taken
    from a column, where who writes in the database can put another's; but for LIFTED, when nothing is sealed any more.
    """

    WITHDRAWN = "withdrawn"
    CORRECTED = "corrected"
    DECLINED = "declined"
    LIFTED = "lifted"
    UNWANTED = "unwanted"
    WANTED = "wanted"
    ACCOUNT = "account"
    ENDED = "ended"
    DRAFT = "draft"
    CONSENT = "consent"


class JournalEntry(Base):
    """One change that waits for the worker to write it to a file, which outlives the database; then it is deleted.

    `key` is made of random ids and keyed hashes: it names nobody. `mac` is of all the others (see `mac_of`).
    """

    __tablename__ = "erasure_journal"

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    change: Mapped[Change] = mapped_column(words(Change, "change"))
    key: Mapped[bytes] = mapped_column(LargeBinary(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    mac: Mapped[bytes] = mapped_column(LargeBinary(32))


def enter(session: Session, change: Change, *keys: bytes, at: datetime | None = None) -> None:
    """Enter a change of each of these in the journal, in the transaction that makes it; made now, or `at` a moment."""
    at = at or clock.now()
    rows = [{"change": change, "key": key, "at": at, "mac": mac_of(change, key, at)} for key in keys]
    if rows:
        session.execute(insert(JournalEntry), rows)


def mac_of(change: Change, key: bytes, at: datetime) -> bytes:
    """Return the keyed hash by which a line of the journal is known for the site's own.

    Who writes in the database without keys makes none: or one row would have every backup erased once it is restored.
    """
    return tokens.site_hash("journal", f"{change} {key.hex()} {at.astimezone(UTC).isoformat()}".encode())


def moment_to_bytes(moment: datetime) -> bytes:
    """Return a moment, to the second, as 8 bytes for a key."""
    return int(moment.timestamp()).to_bytes(8, "big")


def moment_from_bytes(raw: bytes) -> datetime:
    """Return the moment that `moment_to_bytes` was given."""
    return datetime.fromtimestamp(int.from_bytes(raw, "big"), UTC)
