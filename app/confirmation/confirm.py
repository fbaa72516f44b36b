"""Confirm: the one transition that makes a signature, of a draft, and so raises the count."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.confirmation.make_signature import make_signature
from app.db import db, transaction
from app.ledger import ledger
from app.models import (
    TOO_SOON,
    Clue,
    Draft,
    LedgerEntry,
    Occasion,
    OutboxProgress,
    OutboxRow,
    Signature,
    State,
    Suspicion,
)
from app.new_rows import NewRow
from app.outbox.enqueue import letter_row
from app.signing.draft import DraftEntry, close_drafts, lock_mailbox, signature_of_mailbox
from app.signing.entry import Correction
from app.signing.expiry import LINK_WORKS_FOR, confirmable_until


def confirm(entry: DraftEntry, correction: Correction) -> bool:
    """Make a verified signature of a draft with these answers, and queue the thanks, in one transaction.

    The mailbox's other drafts are closed. Returns False, and counts nothing, if the draft cannot be confirmed any more
    or its mailbox has a signature already, as the unique key decides: `follow_link` then tells what the link leads to.
    """
    now = clock.now()
    # Before the transaction, which forgets what was read.
    public_id, petition_id, email_key = entry.draft.public_id, entry.draft.petition_id, entry.draft.email_key
    signature, followers = _new_rows(entry, correction, now)
    if confirmable_until(entry.petition, entry.draft.expires_at) <= now:
        return False
    if _is_instant(public_id, entry.draft.expires_at, now):
        clue = {"clue": Clue.INSTANT, "petition_id": petition_id, "since": now}
        followers.append(NewRow(Suspicion, clue))
    if make_signature(public_id, signature, followers, now):
        return True
    _close_if_signed(public_id, petition_id, email_key, now)
    return False


def _close_if_signed(public_id: bytes, petition_id: int, email_key: bytes | None, now: datetime) -> None:
    """Close the drafts of a mailbox that has a signature, if this one is still open: their links then tell that."""
    with transaction() as session:
        drafts = lock_mailbox(session, public_id)
        existing = signature_of_mailbox(session, petition_id, email_key) if drafts else None
        if existing is not None:
            close_drafts(session, [one.public_id for one in drafts], now, email_key=None, signature_id=existing.id)


def letter_ended(session: Session, row: OutboxRow, now: datetime) -> None:
    """Update the draft or signature when its letter was sent, failed or was not needed, in that transaction.

    A draft's seven days start now, not when it was signed. A new link to an entry ends the older ones only if its
    letter was sent, so that a letter that never arrives ends no link.
    """
    draft = session.get(Draft, row.draft_id) if row.draft_id and row.occasion == Occasion.SIGNED else None
    if draft is not None and draft.sealed is not None:
        if row.progress == OutboxProgress.SILENT or row.signature_id is not None:
            session.delete(draft)  # its link goes to nobody
        else:
            draft.expires_at = now + LINK_WORKS_FOR
            draft.code_hash = draft.code_hash if row.progress == OutboxProgress.SENT else None
    if row.generation is not None and row.signature_id and row.progress == OutboxProgress.SENT:
        session.get_one(Signature, row.signature_id).generation = row.generation


def _new_rows(entry: DraftEntry, correction: Correction, now: datetime) -> tuple[NewRow, list[NewRow]]:
    """Return the signature that is made of this draft, and the rows that refer to it."""
    draft = entry.draft
    signature = {
        "public_id": draft.public_id,
        "petition_id": draft.petition_id,
        "text_id": draft.text_id,
        "notice_id": draft.notice_id,
        "language": draft.language,
        "state": State.VERIFIED,
        "email_key": draft.email_key,
        "signed_at": draft.signed_at,
        "verified_at": now,
        "network_key": draft.network_key,
        "domain_key": draft.domain_key,
        **correction.columns(draft, entry.petition),
        "changes": ledger.FIRST_CHANGE,
        # Beside a CTE, SQLAlchemy leaves the defaults of columns out.
        "generation": 0,
        "hidden_name": False,
        "hidden_comment": False,
    }
    return NewRow(Signature, signature), [
        NewRow(LedgerEntry, ledger.first_entry(draft.petition_id, now)),
        NewRow(OutboxRow, letter_row(Occasion.CONFIRMED, now, draft.petition_id)),
    ]


def _is_instant(public_id: bytes, expires_at: datetime | None, now: datetime) -> bool:
    """Tell whether a draft is confirmed faster than anybody can read its letter, or before one was written.

    A letter that is with the mail server may have arrived at any moment since it was written, or since an earlier try:
    so only within a second of being written, it is certain that nobody has read it. A link that was in no letter yet
    was made by somebody who has the keys.
    """
    if expires_at is not None:
        return now - (expires_at - LINK_WORKS_FOR) < TOO_SOON
    asking = (OutboxRow.draft_id == public_id) & (OutboxRow.occasion == Occasion.SIGNED)
    letter = db.session.execute(select(OutboxRow.allowed_at, OutboxRow.attempts).where(asking)).first()
    if letter is None or letter.allowed_at is None:
        return True
    return bool(letter.attempts == 0 and now - letter.allowed_at < TOO_SOON)
