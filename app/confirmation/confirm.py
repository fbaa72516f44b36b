"""Confirm: the one transition that raises the count, and when it is allowed."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock
from app.db import insert, transaction
from app.ledger import ledger
from app.models import TOO_SOON, Clue, Kind, Occasion, OutboxProgress, OutboxRow, Signature, State, Suspicion
from app.outbox.enqueue import enqueue
from app.signing.entry import Correction, Entry, entry_digest, find_entry, lock_entry
from app.signing.expiry import LINK_WORKS_FOR, confirmable_until


class ConfirmationStatus(StrEnum):
    """What a confirmation link leads to at this moment."""

    PENDING = "pending"
    VERIFIED = "verified"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    INVALIDATED = "invalidated"
    DECLINED = "declined"


def find_with_status(public_id: bytes) -> tuple[Entry | None, ConfirmationStatus]:
    """Return the entry and what its confirmation link leads to now; an entry that was deleted has expired."""
    entry = find_entry(public_id)
    return entry, _status(entry, clock.now()) if entry else ConfirmationStatus.EXPIRED


def _status(entry: Entry, now: datetime) -> ConfirmationStatus:
    signature = entry.signature
    if signature.state == State.PENDING and confirmable_until(entry.petition, signature.expires_at) <= now:
        return ConfirmationStatus.EXPIRED
    return ConfirmationStatus(signature.state.value)


def confirm(public_id: bytes, seen: str, correction: Correction) -> bool:
    """Make a pending signature verified, with the signer's corrections, and queue the thanks, in one transaction.

    `seen` is the digest of what the signer's page showed. Returns False, and changes nothing, when it is stale or the
    signature is not pending any more: `find_with_status` then tells what it is now.
    """
    now = clock.now()
    with transaction() as session:
        entry = lock_entry(session, public_id)
        if entry is None or _status(entry, now) != ConfirmationStatus.PENDING or entry_digest(entry) != seen:
            return False
        _verify(session, entry.signature, correction, now)
    return True


def letter_ended(session: Session, row: OutboxRow, now: datetime) -> None:
    """Update the signature when a letter was sent, failed or was not needed, in the transaction that records it.

    The seven days of a pending signature start now, not when it was signed. A new link to an entry ends the older ones
    only if its letter was sent, so that a letter that never arrives ends no link.
    """
    if row.occasion == Occasion.SIGNED:
        pending = (Signature.id == row.signature_id) & (Signature.state == State.PENDING)
        start = update(Signature).where(pending).values(expires_at=now + LINK_WORKS_FOR)
        session.execute(start.execution_options(synchronize_session=False))
    if row.generation is not None and row.progress == OutboxProgress.SENT:
        newest = update(Signature).where(Signature.id == row.signature_id).values(generation=row.generation)
        session.execute(newest.execution_options(synchronize_session=False))


def _verify(session: Session, signature: Signature, correction: Correction, now: datetime) -> None:
    correction.write(signature)
    is_instant = _is_instant(session, signature, now)
    signature.state = State.VERIFIED
    signature.verified_at = now
    signature.expires_at = signature.code_hash = None
    ledger.append(session, signature, Kind.CONFIRMED, now)
    enqueue(session, Occasion.CONFIRMED, signature.petition_id, signature.id, now)
    if is_instant:
        suspicion = {"signature_id": signature.id, "clue": Clue.INSTANT, "petition_id": signature.petition_id}
        session.execute(insert(Suspicion).values(**suspicion, since=now).on_conflict_do_nothing())


def _is_instant(session: Session, signature: Signature, now: datetime) -> bool:
    """Tell whether it is confirmed faster than anybody can read the letter, or even before a letter counts as sent."""
    if signature.expires_at is not None:
        return now - (signature.expires_at - LINK_WORKS_FOR) < TOO_SOON
    sent = (OutboxRow.signature_id == signature.id) & (OutboxRow.progress == OutboxProgress.SENT)
    return session.scalars(select(OutboxRow.id).where(sent).limit(1)).first() is None
