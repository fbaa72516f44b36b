"""Confirm: the one transition that raises the count, and the rules of when it may happen."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock
from app.counting import count
from app.db import db, transaction
from app.models import Kind, Occasion, OutboxRow, Petition, PetitionText, PrivacyNotice, Signature, State, Visibility
from app.models.signer import Signer, salt_and_signer, signer_of
from app.outbox.enqueue import enqueue

LINK_WORKS_FOR = timedelta(days=7)
AFTER_CLOSING = timedelta(hours=24)


class Standing(StrEnum):
    """What a confirmation link leads to at this moment."""

    PENDING = "pending"
    VERIFIED = "verified"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    INVALIDATED = "invalidated"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Entry:
    """A signature with what it was put under."""

    signature: Signature
    petition: Petition
    text: PetitionText
    notice: PrivacyNotice

    def standing(self, now: datetime) -> Standing:
        """Return what its link leads to at `now`."""
        if self.signature.state == State.PENDING and confirmable_until(self.petition, self.signature) <= now:
            return Standing.EXPIRED
        return Standing(self.signature.state.value)


@dataclass(frozen=True, slots=True)
class Correction:
    """What the signer says on the confirm page, in place of what the sign form said."""

    name: str
    affiliation: str
    country: str
    comment: str
    visibility: Visibility
    updates: bool


def find(public_id: bytes) -> Entry | None:
    """Return the entry with this random id; None when it is there no more."""
    row = db.session.execute(_entry(public_id)).first()
    return Entry(*row) if row else None


def link_works_until(petition: Petition, taken_at: datetime) -> datetime:
    """Return when the link in a letter that a mail server takes at `taken_at` stops working.

    Seven days; who signed before closing has 24 hours from closing, or from the letter when it went out later.
    """
    week = taken_at + LINK_WORKS_FOR
    return week if petition.closes_at is None else min(week, max(petition.closes_at, taken_at) + AFTER_CLOSING)


def confirmable_until(petition: Petition, signature: Signature) -> datetime:
    """Return when a pending signature's links stop working; never, while a letter of it still waits."""
    if signature.expires_at is None:
        return datetime.max.replace(tzinfo=clock.now().tzinfo)
    return link_works_until(petition, signature.expires_at - LINK_WORKS_FOR)


def digest(entry: Entry) -> str:
    """Return a fingerprint of all that the confirm page shows: SHA-256 in hexadecimal, salted by the sealed salt."""
    salt, signer = salt_and_signer(entry.signature)
    shown = (
        signer.name,
        signer.affiliation,
        signer.comment,
        signer.email,
        entry.signature.country,
        entry.signature.visibility.value,
        str(entry.signature.updates),
        str(entry.text.id),
        str(entry.notice.id),
    )
    parts = b"".join(len(raw).to_bytes(4, "big") + raw for raw in (part.encode() for part in shown))
    return hashlib.sha256(salt + parts).hexdigest()


def confirm(public_id: bytes, seen: str, correction: Correction) -> bool:
    """Make a pending signature verified, with what the signer said last, and queue the thanks, as one.

    `seen` is the digest of what the signer's page showed. Returns False, and changes nothing, when the signature is no
    longer pending or its page was stale: ask `find` again and show what it is now.
    """
    now = clock.now()
    with transaction() as session:
        row = session.execute(_entry(public_id).with_for_update(of=Signature)).first()
        if row is None:
            return False
        entry = Entry(*row)
        if entry.standing(now) != Standing.PENDING or digest(entry) != seen:
            return False
        _flip(session, entry.signature, correction, now)
    return True


def letter_ended(session: Session, row: OutboxRow, now: datetime) -> None:
    """Start the seven days of a pending signature whose letter was taken, or will never be, in that transaction."""
    if row.occasion == Occasion.SIGNED:
        mine = (Signature.id == row.signature_id) & (Signature.state == State.PENDING)
        begun = update(Signature).where(mine).values(expires_at=now + LINK_WORKS_FOR)
        session.execute(begun.execution_options(synchronize_session=False))


def _flip(session: Session, signature: Signature, correction: Correction, now: datetime) -> None:
    salt = salt_and_signer(signature)[0]
    signer = Signer(correction.name, correction.affiliation, correction.comment, signer_of(signature).email)
    signature.sealed = signer.sealed_for(signature.public_id, salt)
    signature.country = correction.country
    signature.visibility = correction.visibility
    signature.updates = correction.updates
    signature.state = State.VERIFIED
    signature.verified_at = now
    signature.expires_at = None
    count.append(session, signature, Kind.CONFIRMED, now)
    enqueue(session, Occasion.CONFIRMED, signature.petition_id, signature.id, now)


def _entry(public_id: bytes):  # type: ignore[no-untyped-def]
    return (
        select(Signature, Petition, PetitionText, PrivacyNotice)
        .join(Petition, Petition.id == Signature.petition_id)
        .join(PetitionText, PetitionText.id == Signature.text_id)
        .join(PrivacyNotice, PrivacyNotice.id == Signature.notice_id)
        .where(Signature.public_id == public_id)
        .execution_options(populate_existing=True)
    )
