"""The trace in a petition's log of who looked at people: one line for each visit and filter, and for each search."""

from dataclasses import replace
from datetime import timedelta

from app import clock
from app.audit.log import record, record_visit
from app.db import transaction
from app.models import Act
from app.organisers.access import FRESH_MINUTES
from app.watching.selection import Selection

VISIT = timedelta(minutes=FRESH_MINUTES)  # as long as the list opens without signing in once more


def trace_list(petition_id: int, organiser_id: int, selection: Selection) -> None:
    """Record that an organiser looks at the selected signatures, unless they did so within VISIT."""
    chosen = replace(selection, before=None, entries=()).fields()
    record_visit(Act.LISTED, petition_id, organiser_id, clock.now() - VISIT, **chosen)


def trace_search(petition_id: int, organiser_id: int, **details: int | str) -> None:
    """Record that an organiser looks for a mailbox or a name, without saying which, or whether it has signed."""
    with transaction() as session:
        record(session, Act.SOUGHT, petition_id, organiser_id, None, **details)
