"""Views to delete a draft and to take back a translation. Each asks once, and says what follows."""

from flask import Blueprint, abort, flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug import Response

from app.db import db
from app.organisers.access import Who, me, open_to, petition_here
from app.organisers.forms import OrganiserForm
from app.organisers.pages import petition_page
from app.petition_files.stored import newest_texts
from app.publishing.delete import delete_draft, take_back_translation

bp = Blueprint("deleting", __name__, url_prefix="/organise/petitions/<slug:slug>")


@bp.get("/delete")
@open_to(Who.OWNERS)
def ask_to_delete(slug: str) -> Response:
    """Ask whether to delete the draft; say of an opened petition that it stays."""
    return _delete_page()


@bp.post("/delete")
@open_to(Who.OWNERS)
def delete(slug: str) -> Response:
    """Delete the draft."""
    if not delete_draft(petition_here().id, me().id):
        return _delete_page(409)
    flash(_("The draft is deleted."), "info")
    return redirect(url_for("organisers.home"), 303)


@bp.get("/words/<language:lang>/delete")
@open_to(Who.EDITORS)
def ask_to_take_back(slug: str, lang: str) -> Response:
    """Ask whether to take a translation back."""
    return _take_back_page(lang)


@bp.post("/words/<language:lang>/delete")
@open_to(Who.EDITORS)
def take_back(slug: str, lang: str) -> Response:
    """Take a translation back that nobody has signed."""
    if not take_back_translation(petition_here().id, lang, me().id):
        return _take_back_page(lang, 409)
    flash(_("The translation is taken back."), "info")
    return redirect(url_for("editing.words", slug=slug), 303)


def _delete_page(status: int = 200) -> Response:
    return petition_page("publishing/delete.html", "petition", status, form=OrganiserForm(formdata=None))


def _take_back_page(lang: str, status: int = 200) -> Response:
    if lang == petition_here().language:
        return redirect(url_for("editing.words", slug=petition_here().slug), 303)
    if lang not in newest_texts(db.session(), petition_here().id):
        abort(404)
    form = OrganiserForm(formdata=None)
    return petition_page(
        "publishing/take_back.html", "petition", status, form=form, lang=lang, was_signed=status == 409
    )
