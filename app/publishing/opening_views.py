"""Views to open, close and reopen a petition. Each asks once, and says what follows."""

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug import Response

from app import clock
from app.db import db
from app.models.petition import Standing
from app.organisers.access import Who, me, open_to, petition_here
from app.organisers.forms import OrganiserForm
from app.organisers.pages import petition_page
from app.petition_files.stored import as_file
from app.publishing import opening
from app.publishing.forms import ReopenForm

bp = Blueprint("opening", __name__, url_prefix="/organise/petitions/<slug:slug>")


@bp.get("/open")
@open_to(Who.OWNERS)
def ask_to_open(slug: str) -> Response:
    """Show what is missing, or what follows from opening."""
    if petition_here().opened_at is not None:
        return _to_overview(slug)
    return _open_page()


@bp.post("/open")
@open_to(Who.OWNERS)
def open_now(slug: str) -> Response:
    """Open the petition for signing, or show what is missing or whom to ask."""
    try:
        opening.open_petition(petition_here().id, me().id)
    except opening.MayNotOpen:
        return _open_page(403)
    except opening.NotReadyToOpen as not_ready:
        return _open_page(409, cannot_open=not_ready)
    flash(_("The petition is open. It can be signed now."), "info")
    return _to_overview(slug)


@bp.get("/close")
@open_to(Who.OWNERS)
def ask_to_close(slug: str) -> Response:
    """Ask whether to close the petition, and say what follows."""
    if not petition_here().is_open(clock.now()):
        return _to_overview(slug)
    return petition_page("publishing/close.html", "petition", form=OrganiserForm(formdata=None))


@bp.post("/close")
@open_to(Who.OWNERS)
def close(slug: str) -> Response:
    """Close the petition now."""
    opening.close_petition(petition_here().id, me().id)
    flash(_("The petition is closed."), "info")
    return _to_overview(slug)


@bp.get("/reopen")
@open_to(Who.OWNERS)
def ask_to_reopen(slug: str) -> Response:
    """Ask until when to open a closed petition again; the last day that it had is filled in."""
    petition = petition_here()
    if petition.standing(clock.now()) != Standing.CLOSED:
        return _to_overview(slug)
    last_day = opening.last_day_before_closing(petition.id)
    return _reopen_page(ReopenForm(formdata=None, data={"closes_on": last_day}))


@bp.post("/reopen")
@open_to(Who.OWNERS)
def reopen(slug: str) -> Response:
    """Open a closed petition again."""
    form = ReopenForm()
    if not form.validate():
        return _reopen_page(form, 422)
    try:
        if not opening.reopen_petition(petition_here().id, form.closes_on.data, me().id):
            form.closes_on.errors = [_("This day is over. Please choose a later one, or none.")]
            return _reopen_page(form, 422)
    except opening.MayNotOpen:
        return _reopen_page(form, 403)
    except opening.Erased:
        return _reopen_page(form, 409)  # which says that it stays closed
    flash(_("The petition is open again."), "info")
    return _to_overview(slug)


def _open_page(status: int = 200, *, cannot_open: opening.NotReadyToOpen | None = None) -> Response:
    petition = petition_here()
    file = as_file(db.session(), petition)
    return petition_page(
        "publishing/open.html",
        "petition",
        status,
        missing=file.missing(),
        cannot_open=cannot_open,
        may_open=opening.may_open(me()),
        form=OrganiserForm(formdata=None),
    )


def _reopen_page(form: ReopenForm, status: int = 200) -> Response:
    return petition_page("publishing/reopen.html", "petition", status, form=form, may_open=opening.may_open(me()))


def _to_overview(slug: str) -> Response:
    return redirect(url_for("publishing.overview", slug=slug), 303)
