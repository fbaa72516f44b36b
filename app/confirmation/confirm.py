"""Confirm: the one transition that makes a signature, of a draft, and so raises the count."""

from datetime import datetime

from sqlalchemy.orm import Session

from app import clock
from app.db import insert, transaction
from app.ledger import ledger
from app.models import TOO_SOON, Clue, Draft, Kind, Occasion, OutboxProgress, OutboxRow, Signature, State, Suspicion
from app.outbox.enqueue import new_letter
from app.signing.draft import DraftEntry, close_drafts, find_draft, lock_mailbox, signature_of_mailbox
from app.signing.entry import Correction
from app.signing.expiry import LINK_WORKS_FOR


def confirm(public_id: bytes, correction: Correction) -> bool:
    """Make a verified signature of a draft with these answers, and queue the thanks, in one transaction.

    The mailbox's other drafts are closed. Returns False, and counts nothing, if the draft cannot be confirmed any more
    or its mailbox has a signature already, as the unique key decides: `follow_link` then tells what the link leads to.
    """
    now = clock.now()
    with transaction() as session:
        drafts = lock_mailbox(session, public_id)
        entry = find_draft(public_id)
        if entry is None or not entry.is_confirmable(now):
            return False
        signature_id = _insert_signature(session, entry, correction, now)
        if signature_id is None:
            existing = signature_of_mailbox(session, entry.draft)
            close_drafts(session, drafts, now, email_key=None, signature_id=existing.id if existing else None)
            return False
        others = [draft for draft in drafts if draft.public_id != public_id]
        close_drafts(session, others, now, email_key=None, signature_id=signature_id)
        session.delete(entry.draft)
        ledger.append(session, session.get_one(Signature, signature_id), Kind.CONFIRMED, now)
        session.execute(new_letter(Occasion.CONFIRMED, now, entry.petition.id, signature_id=signature_id))
        if _is_instant(entry.draft, now):
            clue = {"signature_id": signature_id, "clue": Clue.INSTANT, "petition_id": entry.petition.id}
            session.execute(insert(Suspicion).values(**clue, since=now))
    return True


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


def _insert_signature(session: Session, entry: DraftEntry, correction: Correction, now: datetime) -> int | None:
    """Insert the signature of this draft; return its id, or None if the mailbox has one already."""
    draft = entry.draft
    new = insert(Signature).values(
        public_id=draft.public_id,
        petition_id=draft.petition_id,
        text_id=draft.text_id,
        notice_id=draft.notice_id,
        language=draft.language,
        state=State.VERIFIED,
        email_key=draft.email_key,
        signed_at=draft.signed_at,
        verified_at=now,
        network_key=draft.network_key,
        domain_key=draft.domain_key,
        **correction.columns(draft, entry.petition),
    )
    unless_signed = new.on_conflict_do_nothing(index_elements=["petition_id", "email_key"])
    return session.scalars(unless_signed.returning(Signature.id)).one_or_none()


def _is_instant(draft: Draft, now: datetime) -> bool:
    """Tell whether it is confirmed faster than anybody can read the letter, or before that even counts as sent."""
    return draft.expires_at is None or now - (draft.expires_at - LINK_WORKS_FOR) < TOO_SOON
