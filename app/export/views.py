"""Exports: the form, the list streamed as a file, and the PDF that the worker makes."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    jsonify,
    make_response,
    redirect,
    request,
    stream_with_context,
    url_for,
)
from flask_babel import gettext as _
from werkzeug import Response as BaseResponse

from app import clock
from app.db import db
from app.export import download_slots, forms, handover, pdf_job
from app.export.download_slots import DownloadSlot
from app.export.forms import ExportForm, QueryForm
from app.export.list_stream import MIMETYPES, stream_list
from app.models import Delivery, Format, HandOver, Making, Petition
from app.organisers.access import Who, may, me, open_to, petition_here
from app.organisers.pages import petition_page
from app.petitions.page import Edition, find_edition
from app.web import headers
from app.web.csrf import is_trusted_origin

MAX_VOLUMES = 10_000
bp = Blueprint("export", __name__, url_prefix="/organise/petitions/<slug:slug>")


@bp.get("/export")
@open_to(Who.EDITORS, fresh=True)
def choose(slug: str) -> Response:
    """Show the export form and earlier hand-overs."""
    return _page(_form())


@bp.get("/export/before")
@open_to(Who.EDITORS, fresh=True)
def show_before(slug: str) -> Response:
    """Show earlier hand-overs alone, of which one may have just begun as a download that leaves the page as it is."""
    return petition_page("export/before.html", "export", handovers=handover.latest_handovers(petition_here().id))


@bp.post("/export")
@open_to(Who.EDITORS, fresh=True)
def hand_over(slug: str) -> BaseResponse:
    """Record the hand-over, and redirect to the file."""
    form = _form()
    if not form.validate():
        return _page(form, 422)
    kind = form.format()
    if kind == Format.PDF:
        return _queue_pdf(form)
    begun = handover.begin_handover(petition_here(), me(), kind, form.choice(), form.recipient.data)
    excel = 1 if form.kind.data == "excel" else None
    reference = begun.public_id.hex()
    return redirect(url_for(".download", slug=slug, kind=kind.value, list=reference, excel=excel), 303)


@bp.get("/signatures.<any(csv,xlsx,json):kind>")
@open_to(Who.EDITORS, fresh=True)
def download(slug: str, kind: str) -> BaseResponse:
    """Stream the list: the one that was chosen on the page, or what the query asks for."""
    _refuse_other_sites()
    petition, file_format = edition_here().petition, Format(kind)
    query_form = forms.read_query(request.args)
    if not query_form.validate():
        abort(400, forms.query_errors(query_form))
    if query_form.choice().with_email and not may(Who.OWNERS):
        abort(403, _("Only owners may ask for e-mail addresses."))
    if request.method == "HEAD":
        return as_attachment(Response(mimetype=MIMETYPES[file_format]), f"{slug}.{kind}")
    with _download_slot() as slot:
        begun = _recorded_handover(petition, file_format, query_form)
        response = _stream_response(begun, slot, for_excel=bool(query_form.excel.data))
        response.call_on_close(slot.release)  # for a reader who leaves before the first chunk
    return response


def _recorded_handover(petition: Petition, file_format: Format, query_form: QueryForm) -> HandOver:
    if "list" in request.args:
        begun = handover.take_handover(request.args["list"], petition, me(), file_format)
        if begun is None:
            abort(404, _("This download was already taken or is too old. Please start it again on the export page."))
    else:
        begun = handover.begin_handover(petition, me(), file_format, query_form.choice(), "")
    return begun


@contextmanager
def _download_slot() -> Iterator[DownloadSlot]:
    """Acquire a slot for one download, and release it if the download does not begin."""
    try:
        slot = download_slots.acquire_slot(me().id)
    except download_slots.OwnSlotsTaken:
        words = _(
            "You are downloading other lists at this moment. Let one of them end, or stop it, and start this again."
        )
        abort(429, words, retry_after=download_slots.RETRY_AFTER_SECONDS)
    except download_slots.AllSlotsTaken:
        words = _("Other organisers are downloading lists at this moment. Please start this again in a minute.")
        abort(503, words, retry_after=download_slots.RETRY_AFTER_SECONDS)
    try:
        yield slot
    except BaseException:
        slot.release()
        raise


@bp.post("/signatures.pdf")
@open_to(Who.EDITORS, fresh=True)
def make_pdf(slug: str) -> BaseResponse:
    """Queue the delivery for the worker."""
    form = _form()
    form.kind.data = Format.PDF.value
    if not form.validate():
        return _page(form, 422)
    return _queue_pdf(form)


@bp.get("/signatures.pdf")
@open_to(Who.EDITORS, fresh=True)
def pdf(slug: str) -> BaseResponse:
    """Send a volume of the newest delivery, or show its progress."""
    _refuse_other_sites()
    newest = handover.newest_delivery(petition_here().id)
    if newest is None:
        abort(404, _("No delivery is here. Each is kept for a day; make a new one on the export page."))
    if newest.making != Making.READY:
        return _progress(newest)
    if newest.recalled_at:
        abort(410, _("The list has changed since this delivery was made, so it was taken back. Please make it again."))
    if "wait" in request.args:  # a waiting page would not change when a download starts
        flash(_("The delivery is ready."), "info")
        return redirect(url_for(".choose", slug=slug), 303)
    number = request.args.get("volume", 1, type=int)
    volume = pdf_job.read_volume(petition_here(), newest.id, number) if 0 < number < MAX_VOLUMES else None
    if volume is None:
        abort(404, _("This delivery has no such volume."))
    if request.method != "HEAD":
        handover.record_volume(petition_here(), number, me())
    response = make_response(volume)
    response.mimetype = "application/pdf"
    begun = db.session.get_one(HandOver, newest.hand_over_id)
    audience = handover.audience(handover.choice_of(begun))
    return as_attachment(response, f"{slug}-{audience}-{begun.at:%Y-%m-%d-%H%M}-{number}.pdf")


def _refuse_other_sites() -> None:
    if not is_trusted_origin(request.headers):
        abort(403, _("A list is only given to our own pages. Please start on the export page."))


def _form() -> ExportForm:
    edition_here()
    form = ExportForm()
    form.offer(handover.countries_signed_from(petition_here().id), emails=may(Who.OWNERS))
    return form


def _queue_pdf(form: ExportForm) -> BaseResponse:
    """Queue the delivery for the worker, and redirect to its progress, or to that of the unfinished one."""
    try:
        handover.begin_handover(petition_here(), me(), Format.PDF, form.choice(), form.recipient.data)
    except handover.UnfinishedDelivery:
        flash(
            _("This delivery was already being made, so no other one was begun. Ask again once it is ready."), "error"
        )
    return redirect(url_for(".pdf", slug=petition_here().slug, wait=1), 303)


def _stream_response(begun: HandOver, slot: DownloadSlot, *, for_excel: bool) -> Response:
    edition = edition_here()
    mimetype = "text/csv; charset=utf-16" if for_excel and begun.format == Format.CSV else MIMETYPES[begun.format]
    audience = handover.audience(handover.choice_of(begun))
    excel = "-excel" if for_excel and begun.format == Format.CSV else ""
    name = f"{edition.petition.slug}-{audience}-{clock.now().date().isoformat()}{excel}.{begun.format.value}"
    chunks = stream_list(edition, begun, for_excel=for_excel, seconds=download_slots.TIMEOUT_SECONDS)
    db.session.rollback()  # hold no connection while the list is sent
    return as_attachment(Response(stream_with_context(slot.release_after(chunks)), mimetype=mimetype), name)


def edition_here() -> Edition:
    """Return the petition as it is shown; answer 409 if it was never opened, as it has no list."""
    edition = find_edition(petition_here().slug)
    if edition is None:
        abort(petition_page("export/not_opened.html", "export", 409))
    return edition


def _progress(newest: Delivery) -> Response:
    failed = newest.making == Making.FAILED
    status = 409 if failed else 202
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        response = jsonify(making=newest.making.value, rows_done=newest.rows_done, rows_wanted=newest.rows_wanted)
        response.status_code = status
    else:
        response = petition_page("export/progress.html", "export", status, newest=newest, failed=failed)
    if not failed:
        response.headers["Refresh"] = "3"
    return headers.no_store(response)


def _page(form: ExportForm, status: int = 200) -> Response:
    petition_id = petition_here().id
    newest = handover.newest_delivery(petition_id)
    volumes = pdf_job.count_volumes(newest.id) if newest and newest.making == Making.READY else 0
    handovers = handover.latest_handovers(petition_id)
    return petition_page(
        "export/export.html",
        "export",
        status,
        form=form,
        handovers=handovers,
        newest=newest,
        volumes=volumes,
        trial_kinds=forms.TRIAL_KINDS,
    )


def as_attachment(response: Response, name: str) -> Response:
    """Return the response as a file of that name to save, which no cache may keep."""
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return headers.no_store(response)
