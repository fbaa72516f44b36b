"""Correct: a signer changes what their verified signature says."""

from app import clock
from app.db import transaction
from app.export.recall import recall_deliveries
from app.ledger import ledger
from app.models import Kind, State
from app.models.signer import Signer, signer_of
from app.signing.entry import Correction, entry_digest, lock_entry


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
        before, country_before = signer_of(signature), signature.country
        after = Signer(correction.name, correction.affiliation, correction.comment, before.email)
        says_the_same = (after, correction.country) == (before, country_before)
        same_visibility = correction.visibility == signature.visibility
        correction.write(signature)
        if not says_the_same:
            ledger.append(session, signature, Kind.CORRECTED, clock.now())
        if not (says_the_same and same_visibility):
            recall_deliveries(session, signature.petition_id)
    return True
