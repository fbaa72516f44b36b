"""Invalidate: signatures that should not count no longer do, and their rows say why. Nothing is deleted."""

from sqlalchemy import update

from app import clock
from app.audit.log import record
from app.db import transaction
from app.export.recall import recall
from app.ledger import ledger
from app.models import Act, Kind, Reason, Signature, State
from app.models.signer import sealed_note
from app.moderation.batch import in_state, lock
from app.watching.selection import Selection


def invalidate(
    petition_id: int, selection: Selection, seen: str, reason: Reason, note: str, organiser_id: int | None
) -> int:
    """Invalidate the selected verified signatures if they are still those that the page showed; return how many.

    State, ledger and audit log move in one transaction, in which PDF deliveries are taken back. `seen` is the
    fingerprint from `preview`; when it does not fit, nothing changes and 0 is returned. The note, if any, is sealed
    into each row.
    """
    with transaction() as session:
        rows = lock(session, petition_id, in_state(selection, State.VERIFIED), seen)
        if not rows:
            return 0
        why = {"state": State.INVALIDATED, "reason": reason}
        flipped = [{"id": row.id, "note_sealed": sealed_note(note, row.public_id), **why} for row in rows]
        session.execute(update(Signature), flipped)
        ledger.append_all(session, [row.id for row in rows], Kind.INVALIDATED, clock.now())
        record(session, Act.INVALIDATED, petition_id, organiser_id, number=len(rows), reason=reason.value)
        recall(session, petition_id)
    return len(rows)
