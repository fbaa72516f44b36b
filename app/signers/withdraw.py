"""Withdraw: a signer takes their signature back, and its data is erased."""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app import clock
from app.crypto.tokens import ID_BYTES
from app.db import transaction
from app.export.recall import recall_deliveries
from app.ledger import ledger
from app.models import Change, Draft, Kind, Petition, Signature, State
from app.models.journal import enter
from app.models.signer import AlteredRow
from app.models.suspicion import forget_suspicions
from app.signing.draft import delete_open_drafts, find_draft
from app.signing.email_key import sealed_email_key
from app.signing.entry import find_entry, lock_entry


def withdraw(public_id: bytes) -> bool:
    """Erase what a signature says and stop counting it; return whether there was something to erase.

    A verified one also loses its mailbox's key, so that the mailbox can sign again. An invalidated one keeps its state
    and key: withdrawing and signing again must not make it count.
    """
    with transaction() as session:
        return _withdraw(session, public_id, clock.now())


def withdraw_again(public_id: bytes, mailbox: bytes, at: datetime) -> bool:
    """Withdraw what was withdrawn `at` this moment, in a database that was restored from before it.

    There it may be a draft, which is then deleted. So are all drafts of its mailbox from before that moment: they were
    closed when it was confirmed, or would be asked about now that it is withdrawn. `mailbox` is as `_mailbox_of` made
    it then; empty in an older journal, or for an altered row. Returns whether any of them said something.
    """
    with transaction() as session:
        mailbox = mailbox or _mailbox_in_database(public_id)
        petition, email_key = mailbox[:ID_BYTES], mailbox[ID_BYTES:]
        petition_id = select(Petition.id).where(Petition.public_id == petition).scalar_subquery()
        of_mailbox = (Draft.petition_id == petition_id) & (Draft.email_key == email_key)
        from_before = or_(Draft.public_id == public_id, of_mailbox & (Draft.signed_at <= at))
        had_drafts = delete_open_drafts(session, from_before)
        if _withdraw(session, public_id, at):
            return True
        if had_drafts:
            enter(session, Change.WITHDRAWN, public_id + mailbox, at=at)
    return had_drafts


def _mailbox_in_database(public_id: bytes) -> bytes:
    """Return the mailbox of what has this id and says something, be it a draft still or a signature; empty if none."""
    draft, entry = find_draft(public_id), find_entry(public_id)
    if draft is not None:
        return _mailbox_of(draft.petition, draft.draft)
    return _mailbox_of(entry.petition, entry.signature) if entry else b""


def _mailbox_of(petition: Petition, row: Draft | Signature) -> bytes:
    """Return the petition's public id and the key of the mailbox that is sealed in this row; empty if it is not told.

    The column tells it for no other row's sake: it may have been altered.
    """
    try:
        return petition.public_id + sealed_email_key(petition, row) if row.sealed else b""
    except AlteredRow:
        return b""


def _withdraw(session: Session, public_id: bytes, at: datetime) -> bool:
    entry = lock_entry(session, public_id)
    if entry is None or entry.signature.sealed is None:
        return False
    enter(session, Change.WITHDRAWN, public_id + _mailbox_of(entry.petition, entry.signature), at=at)
    _erase(session, entry.signature)
    return True


def _erase(session: Session, signature: Signature) -> None:
    signature.erase()
    forget_suspicions(session, [signature.id])
    if signature.state == State.VERIFIED:
        signature.email_key = None
        signature.state = State.WITHDRAWN
        ledger.append(session, signature, Kind.WITHDRAWN, clock.now())
        recall_deliveries(session, signature.petition_id)
