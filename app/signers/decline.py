"""Decline: "it was not me", from the link in a confirmation letter; and how it is undone."""

from datetime import timedelta

from app import clock
from app.db import transaction
from app.models import Signature, State
from app.models.signer import signer_of
from app.models.suspicion import forget_suspicions
from app.outbox import unwanted
from app.signing.entry import lock_entry

UNDO_PERIOD = timedelta(days=7)


def decline(public_id: bytes, *, never_again: bool = False) -> bool:
    """Make a pending signature declined and erase its data; return False, and change nothing, if it is not pending.

    The mailbox's key stays until the petition closes, so that signing again with it has no effect and sends no letter.
    With `never_again` the site writes to that mailbox about no petition any more.
    """
    with transaction() as session:
        entry = lock_entry(session, public_id)
        if entry is None or entry.signature.state != State.PENDING:
            return False
        if never_again:
            entry.signature.unwanted = unwanted.mailbox_of(session, signer_of(entry.signature).email)
            unwanted.stop_emails(session, entry.signature.unwanted, clock.now())
        entry.signature.state = State.DECLINED
        entry.signature.erase()
        forget_suspicions(session, [entry.signature.id])
        entry.signature.expires_at = clock.now() + UNDO_PERIOD
    return True


def undo_decline(public_id: bytes) -> bool:
    """Delete a declined signature, so that its mailbox can sign again; return whether that was possible.

    If declining had also stopped all letters to the mailbox, they go out again.
    """
    with transaction() as session:
        entry = lock_entry(session, public_id)
        if entry is None or not can_be_undone(entry.signature):
            return False
        if entry.signature.unwanted:
            unwanted.resume_emails(session, entry.signature.unwanted)
        session.delete(entry.signature)
    return True


def can_be_undone(signature: Signature) -> bool:
    """Tell whether a signature is declined and its time to undo that is not over."""
    until = signature.expires_at
    return signature.state == State.DECLINED and until is not None and until > clock.now()
