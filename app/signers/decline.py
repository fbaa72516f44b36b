"""Decline: "it was not me", said from the confirmation letter by whoever reads that mailbox; and its being undone."""

from datetime import timedelta

from app import clock
from app.db import transaction
from app.models import Signature, State
from app.models.signer import signer_of
from app.models.suspicion import forget_suspicions
from app.outbox import unwanted
from app.signing.entry import lock_entry

CAN_BE_UNDONE_FOR = timedelta(days=7)


def decline(public_id: bytes, *, never_again: bool = False) -> bool:
    """Make a pending signature declined: what it said is erased, and no letter about this petition comes any more.

    The mailbox's key stays until the petition closes, so that signing again with it does nothing. With `never_again`
    the site writes to that mailbox about no petition. Returns False, and changes nothing, if it is not pending.
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
        entry.signature.expires_at = clock.now() + CAN_BE_UNDONE_FOR
    return True


def undo_decline(public_id: bytes) -> bool:
    """Forget that a signature was declined, so that its mailbox is free to sign; return whether that could be done.

    Letters go to it again as well, if they were ended with that press.
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
    """Tell whether this is a declined signature that its mailbox may still free."""
    until = signature.expires_at
    return signature.state == State.DECLINED and until is not None and until > clock.now()
