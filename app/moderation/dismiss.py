"""Dismiss: what seemed part of a burst, an organiser has looked at and found fine. It is not named again."""

from dataclasses import replace

from sqlalchemy import update

from app import clock
from app.audit.log import record
from app.db import transaction
from app.models import Act, State, Suspicion
from app.moderation.batch import in_state, lock
from app.watching.selection import ANY, Selection


def suspected(selection: Selection) -> Selection:
    """Return the selection narrowed to the verified signatures that something was noticed about."""
    return replace(in_state(selection, State.VERIFIED), clue=selection.clue or ANY)


def dismiss(petition_id: int, selection: Selection, seen: str, organiser_id: int | None) -> int:
    """Put aside all that was noticed about the selected signatures if they are still those that the page showed.

    Returns of how many. State and count stay as they are. `seen` is the fingerprint from `preview` of what is
    `suspected`; when it does not fit, nothing changes and 0 is returned.
    """
    with transaction() as session:
        rows = lock(session, petition_id, suspected(selection), seen)
        if not rows:
            return 0
        theirs = Suspicion.signature_id.in_([row.id for row in rows])
        aside = update(Suspicion).where(theirs, Suspicion.dismissed_at.is_(None)).values(dismissed_at=clock.now())
        session.execute(aside.execution_options(synchronize_session=False))
        record(session, Act.LOOKED, petition_id, organiser_id, number=len(rows))
    return len(rows)
