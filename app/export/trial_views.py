"""The button that makes a trial list."""

from flask import Blueprint, Response, abort, make_response, request
from flask_babel import gettext as _

from app import clock
from app.export import trial
from app.export.list_stream import MIMETYPES
from app.export.views import as_attachment, edition_here
from app.models.signer import AlteredRow
from app.organisers.access import Who, me, open_to

bp = Blueprint("trial", __name__, url_prefix="/organise/petitions/<slug:slug>")


@bp.post("/export/trial")
@open_to(Who.EDITORS, fresh=True)
def try_out(slug: str) -> Response:
    """Send a trial list, for the organiser's own eyes."""
    edition, kind = edition_here(), request.form.get("kind", "")
    if kind not in trial.KINDS:
        abort(400)
    try:
        response = make_response(trial.make_trial(edition, me(), kind))
    except AlteredRow:
        abort(409, _("Altered in the database: please tell whoever runs this site"))
    file_format = trial.KINDS[kind]
    is_utf16 = kind == "excel"
    response.headers["Content-Type"] = "text/csv; charset=utf-16" if is_utf16 else MIMETYPES[file_format]
    excel = "-excel" if is_utf16 else ""
    return as_attachment(response, f"{slug}-trial-{clock.now().date().isoformat()}{excel}.{file_format.value}")
