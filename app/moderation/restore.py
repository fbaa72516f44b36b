"""Restore: invalidated signatures count again, as if nothing had been said against them.

Reason and note go: what was said against a signer who turns out to be one is not kept with them. That it was said, the
ledger and the audit log keep. A signature whose data its signer has erased stays as it is: nobody could say any more
whose it was.
"""

from sqlalchemy import update

from app import clock
from app.audit.log import record
from app.db import transaction
from app.export.recall import recall
from app.ledger import ledger
from app.models import Act, Kind, Signature, State
from app.moderation.batch import in_state, lock
from app.watching.selection import Selection


def restore(petition_id: int, selection: Selection, seen: str, organiser_id: int | None) -> int:
    """Make the selected invalidated signatures verified if they are still those that the page showed; return how many.

    State, ledger and audit log move in one transaction, in which PDF deliveries are taken back. `seen` is the
    fingerprint from `preview`; when it does not fit, nothing changes and 0 is returned.
    """
    with transaction() as session:
        rows = lock(session, petition_id, in_state(selection, State.INVALIDATED), seen)
        if not rows:
            return 0
        ids = [row.id for row in rows]
        flip = update(Signature).where(Signature.id.in_(ids))
        flip = flip.values(state=State.VERIFIED, reason=None, note_sealed=None)
        session.execute(flip.execution_options(synchronize_session=False))
        ledger.append_all(session, ids, Kind.RESTORED, clock.now())
        record(session, Act.RESTORED, petition_id, organiser_id, number=len(ids))
        recall(session, petition_id)
    return len(ids)
