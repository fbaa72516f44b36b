"""Trial lists: what a file looks like, for the organiser's own eyes, and worth nothing to whoever else gets it.

Signers do not see them among the hand-overs. So a trial has always the same few people, whatever is chosen for a list,
and of each only what hardly tells who it is.
"""

from collections.abc import Iterator
from contextlib import closing
from datetime import time
from itertools import islice

from flask_babel import gettext as _

from app.audit.log import record
from app.export import rows
from app.export.list_stream import write_list
from app.export.rows import Choice, ExportRow
from app.models import Act, Format, Organiser
from app.organisers.access import Who
from app.organisers.acting import acting
from app.petitions.page import Edition

MAX_ROWS = 20
MAX_WORDS = 3
CHOICE = Choice(for_addressee=True)
KINDS = {"xlsx": Format.XLSX, "csv": Format.CSV, "excel": Format.CSV, "json": Format.JSON}


def make_trial(edition: Edition, organiser: Organiser, kind: str) -> bytes:
    """Return a trial list as a file of one of KINDS; the audit log says that this organiser had it made.

    Raises AlteredRow if one of its rows was altered in the database.
    """
    petition_id = edition.petition.id
    with acting(petition_id, organiser.id, Who.EDITORS) as (session, _petition):
        record(session, Act.EXPORTED, petition_id, organiser.id, format=KINDS[kind].value, trial=1)
    found = rows.read_rows(petition_id, CHOICE, lambda signature_id: None)
    with closing(found):
        shown = _shown(found, organiser.introduced)
        return b"".join(write_list(KINDS[kind], shown, CHOICE, rows.heading(edition), for_excel=kind == "excel"))


def initials(text: str) -> str:
    """Return the first letters of the first words of a text."""
    return " ".join(f"{word[0]}." for word in text.split()[:MAX_WORDS])


def _shown(found: Iterator[ExportRow], made_for: str) -> Iterator[ExportRow]:
    """Yield a row that says what this is and for whom, then the first rows, shortened."""
    mark = _("TRIAL, not for handing over. Made for %(who)s.", who=made_for)
    yield ExportRow(0, mark, "", "", "", "", None, None, "", "", "")
    for row in islice(found, MAX_ROWS):
        yield row._replace(
            name=initials(row.name),
            affiliation=initials(row.affiliation),
            comment=initials(row.comment),
            verified_at=row.verified_at and row.verified_at.combine(row.verified_at, time(), row.verified_at.tzinfo),
        )
