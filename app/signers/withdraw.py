"""Withdraw: a signer takes their signature back, and its data is erased."""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app import clock
from app.db import transaction
from app.export.recall import recall_deliveries
from app.ledger import ledger
from app.models import Change, Draft, Kind, Signature, State
from app.models.journal import enter
from app.models.suspicion import forget_suspicions
from app.signing.draft import delete_open_drafts
from app.signing.entry import lock_entry


def withdraw(public_id: bytes) -> bool:
    """Erase what a signature says and stop counting it; return whether there was something to erase.

    A verified one also loses its mailbox's key, so that the mailbox can sign again. An invalidated one keeps its state
    and key: withdrawing and signing again must not make it count.
    """
    with transaction() as session:
        return _withdraw(session, public_id)


def withdraw_again(public_id: bytes, at: datetime) -> bool:
    """Withdraw what was withdrawn `at` this moment, in a database that was restored from before it.

    There it may be a draft, which is then deleted. So are all drafts of its mailbox from before that moment: they were
    closed when it was confirmed, or would be asked about now that it is withdrawn. Returns whether it said something.
    """
    with transaction() as session:
        mailbox = _mailbox_of(session, public_id)
        if mailbox is None:
            return False
        petition_id, email_key = mailbox
        from_before = or_(Draft.public_id == public_id, Draft.signed_at <= at)
        of_mailbox = (Draft.petition_id == petition_id) & (Draft.email_key == email_key)
        delete_open_drafts(session, of_mailbox & from_before)
        if not _withdraw(session, public_id):
            enter(session, Change.WITHDRAWN, public_id)
    return True


def _mailbox_of(session: Session, public_id: bytes) -> tuple[int, bytes | None] | None:
    """Return petition and mailbox's key of what has this id and says something, be it a draft still or a signature."""
    for table in (Draft, Signature):
        said = (table.public_id == public_id) & table.sealed.is_not(None)
        row = session.execute(select(table.petition_id, table.email_key).where(said)).first()
        if row is not None:
            return row.petition_id, row.email_key
    return None


def _withdraw(session: Session, public_id: bytes) -> bool:
    entry = lock_entry(session, public_id)
    if entry is None or entry.signature.sealed is None:
        return False
    _erase(session, entry.signature)
    return True


def _erase(session: Session, signature: Signature) -> None:
    signature.erase()
    enter(session, Change.WITHDRAWN, signature.public_id)
    # In a backup from before it was confirmed they are open, even where it is not known yet.
    closed = select(Draft.public_id).where(Draft.signature_id == signature.id)
    enter(session, Change.DRAFT, *session.scalars(closed))
    forget_suspicions(session, [signature.id])
    if signature.state == State.VERIFIED:
        signature.email_key = None
        signature.state = State.WITHDRAWN
        ledger.append(session, signature, Kind.WITHDRAWN, clock.now())
        recall_deliveries(session, signature.petition_id)
