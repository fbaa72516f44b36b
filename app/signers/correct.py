"""Correct: a signer changes what their verified signature says."""

from dataclasses import replace

from app import clock
from app.db import transaction
from app.export.recall import recall_deliveries
from app.ledger import ledger
from app.models import Change, Kind, State, Visibility
from app.models.journal import enter
from app.models.signer import signer_of
from app.signing.draft import find_draft, lock_mailbox
from app.signing.entry import Correction, entry_digest, find_entry, lock_entry


def correct(public_id: bytes, seen: str, correction: Correction) -> bool:
    """Write a correction into a verified signature; return whether that was done.

    `seen` is the digest of what the signer's page showed. If it is stale, or the signature is not verified any more,
    nothing changes. Changed words or another country get a row in the ledger. PDF deliveries with the old words are
    recalled.
    """
    with transaction() as session:
        entry = lock_entry(session, public_id)
        if entry is None or entry.signature.state != State.VERIFIED or entry_digest(entry) != seen:
            return False
        signature = entry.signature
        before = signer_of(signature)
        after = correction.signer(before.email)
        correction.write(signature, entry.petition)
        if after != before:
            enter(session, Change.CORRECTED, public_id + bytes.fromhex(seen))
        # Who may see the name, and consent to updates, are not part of what is proved.
        if replace(after, visibility=before.visibility, updates=before.updates) != before:
            ledger.append(session, signature, Kind.CORRECTED, clock.now())
        if replace(after, updates=before.updates) != before:
            recall_deliveries(session, signature.petition_id)
    return True


def hide_outdated(public_id: bytes, seen: str) -> bool:
    """Show and hand over nothing of a signature that still says what was corrected since; return whether it did.

    For a database that was restored from before the correction: what the signer says now is lost, and may have been
    less. The signature counts on, and its link opens it. A draft keeps its words for whoever confirms it, and has to
    be told anew who may see them.
    """
    entry = find_entry(public_id)
    if entry is None:
        return _hide_draft(public_id, seen)
    if entry.signature.sealed is None:
        return False
    signer = signer_of(entry.signature)
    said = (signer.name, signer.affiliation, signer.country, signer.comment)
    return correct(public_id, seen, Correction(*said, Visibility.ORGANISERS, updates=False))


def _hide_draft(public_id: bytes, seen: str) -> bool:
    with transaction() as session:
        lock_mailbox(session, public_id)
        entry = find_draft(public_id)
        if entry is None or entry.draft.sealed is None:
            return False
        signer = signer_of(entry.draft)
        hidden = replace(signer, visibility=Visibility.ORGANISERS, updates=False)
        if hidden == signer:
            return False
        # Under a new salt: what she says anew of it, be it the same, is not what was corrected.
        entry.draft.sealed = hidden.sealed_for(public_id, entry.petition.public_id)
        entry.draft.visibility, entry.draft.updates = hidden.visibility, hidden.updates
        enter(session, Change.CORRECTED, public_id + bytes.fromhex(seen))
    return True
