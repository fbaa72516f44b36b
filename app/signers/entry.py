"""A signer's own entry: corrected, or withdrawn, by whoever has the newest link to it."""

from sqlalchemy.orm import Session

from app import clock
from app.db import transaction
from app.export.recall import recall_deliveries
from app.ledger import ledger
from app.models import Kind, Signature, State
from app.models.signer import Signer, signer_of
from app.models.suspicion import forget_suspicions
from app.signing.entry import Correction, entry_digest, lock_entry


def correct(public_id: bytes, seen: str, correction: Correction) -> bool:
    """Let a verified signature say what its signer says now.

    The ledger gets a row where the words or the country change, and lists that were made are taken back. `seen` is the
    digest of what the signer's page showed. Returns False, and changes nothing, when that is stale or the signature is
    no longer verified.
    """
    with transaction() as session:
        entry = lock_entry(session, public_id)
        if entry is None or entry.signature.state != State.VERIFIED or entry_digest(entry) != seen:
            return False
        signature = entry.signature
        before, was_from = signer_of(signature), signature.country
        said = Signer(correction.name, correction.affiliation, correction.comment, before.email)
        is_same = (said, correction.country) == (before, was_from)
        is_seen_by_the_same = correction.visibility == signature.visibility
        correction.write(signature)
        if not is_same:
            ledger.append(session, signature, Kind.CORRECTED, clock.now())
        if not (is_same and is_seen_by_the_same):
            recall_deliveries(session, signature.petition_id)
    return True


def withdraw(public_id: bytes) -> bool:
    """Take a signature back: erase what it said, and count it no more. Returns whether there was something to erase.

    Of a verified one the mailbox's key goes too, so it is free to sign again. An invalidated one keeps its state and
    key: taking it back and signing again must not make it count.
    """
    with transaction() as session:
        entry = lock_entry(session, public_id)
        if entry is None or entry.signature.sealed is None:
            return False
        if entry.signature.state not in {State.VERIFIED, State.INVALIDATED}:
            return False
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
