"""The petition's log as a file for its owners."""

from collections.abc import Iterable

from flask import Blueprint, Response, make_response

from app import clock
from app.audit import log, words
from app.audit.log import AuditLine, record
from app.export.csv import typed_cell
from app.export.list_stream import MIMETYPES
from app.export.views import as_attachment
from app.models import Act, Format
from app.organisers.access import Who, me, open_to, petition_here
from app.organisers.acting import acting

bp = Blueprint("log_file", __name__, url_prefix="/organise/petitions/<slug:slug>")


@bp.post("/log.csv")
@open_to(Who.OWNERS, fresh=True)
def save_log(slug: str) -> Response:
    """Send the whole log as CSV, the newest line first: that this owner took it."""
    with acting(petition_here().id, me().id, Who.OWNERS) as (session, petition):
        record(session, Act.EXPORTED, petition.id, me().id, None, format=Format.CSV.value, what="log")
    response = make_response(as_csv(log.all_entries(petition_here().id)))
    response.headers["Content-Type"] = MIMETYPES[Format.CSV]
    return as_attachment(response, f"{slug}-log-{clock.now().date().isoformat()}.csv")


def as_csv(lines: Iterable[AuditLine]) -> str:
    """Return lines of the log as CSV: when (UTC), who, what as a word for programs, and the sentence of the page."""
    rows = [
        ",".join((clock.iso(line.at), *map(typed_cell, (words.who(line), line.act.value, words.sentence(line)))))
        for line in lines
    ]
    return "\r\n".join(["at,who,act,sentence", *rows, ""])
