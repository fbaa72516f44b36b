"""Confirm: the one transition that raises the count, and the rules of when it may happen."""

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
    """Return the entry and what its confirmation link leads to now; one that is there no more has expired."""
    entry = find_entry(public_id)
    return entry, _status(entry, clock.now()) if entry else ConfirmationStatus.EXPIRED


def _status(entry: Entry, now: datetime) -> ConfirmationStatus:
    signature = entry.signature
    if signature.state == State.PENDING and confirmable_until(entry.petition, signature.expires_at) <= now:
        return ConfirmationStatus.EXPIRED
    return ConfirmationStatus(signature.state.value)


def confirm(public_id: bytes, seen: str, correction: Correction) -> bool:
    """Make a pending signature verified, with what the signer said last, and queue the thanks, as one.

    `seen` is the digest of what the signer's page showed. Returns False, and changes nothing, when the signature is no
    longer pending or its page was stale: ask `find_with_status` again and show what it is now.
    """
    now = clock.now()
    with transaction() as session:
        entry = lock_entry(session, public_id)
        if entry is None or _status(entry, now) != ConfirmationStatus.PENDING or entry_digest(entry) != seen:
            return False
        _flip(session, entry.signature, correction, now)
    return True


def letter_ended(session: Session, row: OutboxRow, now: datetime) -> None:
    """Do what hangs on a letter's end, in that transaction.

    The seven days of a pending signature start once its letter was taken, or will never be. A new link to an entry ends
    the older ones once its letter was taken, so that a letter that never came takes nothing away.
    """
    if row.occasion == Occasion.SIGNED:
        mine = (Signature.id == row.signature_id) & (Signature.state == State.PENDING)
        begun = update(Signature).where(mine).values(expires_at=now + LINK_WORKS_FOR)
        session.execute(begun.execution_options(synchronize_session=False))
    if row.generation is not None and row.progress == OutboxProgress.SENT:
        newest = update(Signature).where(Signature.id == row.signature_id).values(generation=row.generation)
        session.execute(newest.execution_options(synchronize_session=False))


def _flip(session: Session, signature: Signature, correction: Correction, now: datetime) -> None:
    correction.write(signature)
    is_instant = _is_instant(session, signature, now)
    signature.state = State.VERIFIED
    signature.verified_at = now
    signature.expires_at = signature.code_hash = None
    ledger.append(session, signature, Kind.CONFIRMED, now)
    enqueue(session, Occasion.CONFIRMED, signature.petition_id, signature.id, now)
    if is_instant:
        about = {"signature_id": signature.id, "clue": Clue.INSTANT, "petition_id": signature.petition_id}
        session.execute(insert(Suspicion).values(**about, since=now).on_conflict_do_nothing())


def _is_instant(session: Session, signature: Signature, now: datetime) -> bool:
    """Tell whether nobody can have read the letter: confirmed at once, or before any of its letters counts as sent."""
    if signature.expires_at is not None:
        return now - (signature.expires_at - LINK_WORKS_FOR) < TOO_SOON
    mine = (OutboxRow.signature_id == signature.id) & (OutboxRow.progress == OutboxProgress.SENT)
    return session.scalars(select(OutboxRow.id).where(mine).limit(1)).first() is None
