"""Invalidate: signatures that should not count no longer do, and their rows say why. Nothing is deleted."""

from sqlalchemy import update

from app import clock
from app.counting import count
from app.db import transaction
from app.models import Act, Kind, Reason, Signature, State
from app.models.signer import sealed_note
from app.moderation.batch import in_state, lock
from app.organisers.audit import record
from app.watching.selection import Selection


def invalidate(
    petition_id: int, selection: Selection, seen: str, reason: Reason, note: str, organiser_id: int | None
) -> int:
    """Invalidate the selected verified signatures if they are still those that the page showed; return how many.

    State, ledger and audit log move in one transaction. `seen` is the fingerprint from `preview`; when it does not fit,
    nothing changes and 0 is returned. The note, if any, is sealed into each row.
    """
    with transaction() as session:
        rows = lock(session, petition_id, in_state(selection, State.VERIFIED), seen)
        if not rows:
            return 0
        ids = [row.id for row in rows]
        flip = update(Signature).where(Signature.id.in_(ids)).values(state=State.INVALIDATED, reason=reason)
        session.execute(flip.execution_options(synchronize_session=False))
        if note:
            notes = [{"id": row.id, "note_sealed": sealed_note(note, row.public_id)} for row in rows]
            session.execute(update(Signature), notes)
        count.append_all(session, petition_id, ids, Kind.INVALIDATED, clock.now())
        record(session, Act.INVALIDATED, petition_id, organiser_id, number=len(ids), reason=reason.value)
    return len(ids)
