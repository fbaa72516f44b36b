"""Withdraw: a signer takes their signature back, and its data is erased."""

from sqlalchemy.orm import Session

from app import clock
from app.db import transaction
from app.export.recall import recall_deliveries
from app.ledger import ledger
from app.models import Change, Kind, Signature, State
from app.models.journal import enter
from app.models.suspicion import forget_suspicions
from app.signing.entry import lock_entry


def withdraw(public_id: bytes) -> bool:
    """Erase what a signature says and stop counting it; return whether there was something to erase.

    A verified one also loses its mailbox's key, so that the mailbox can sign again. An invalidated one keeps its state
    and key: withdrawing and signing again must not make it count.
    """
    with transaction() as session:
        entry = lock_entry(session, public_id)
        if entry is None or entry.signature.sealed is None:
            return False
        _erase(session, entry.signature)
    return True


def _erase(session: Session, signature: Signature) -> None:
    signature.erase()
    enter(session, Change.WITHDRAWN, signature.public_id)
    forget_suspicions(session, [signature.id])
    if signature.state == State.VERIFIED:
        signature.email_key = None
        signature.state = State.WITHDRAWN
        ledger.append(session, signature, Kind.WITHDRAWN, clock.now())
        recall_deliveries(session, signature.petition_id)
