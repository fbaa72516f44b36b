"""Views to create, import, preview and download a petition, and its overview."""

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from markupsafe import Markup
from werkzeug import Response as BaseResponse

from app import clock
from app.db import db
from app.organisers.access import Who, me, open_to, petition_here
from app.organisers.forms import OrganiserForm
from app.organisers.pages import petition_page
from app.pages.petition_page import render_petition
from app.petition_files.content import PetitionFile
from app.petition_files.file import BadPetitionFile
from app.petition_files.stored import as_file
from app.petition_files.values import slug_not_free
from app.petition_files.write import write_petition_file
from app.petitions import page
from app.petitions.labels import LABELS, labels_of
from app.publishing import opening
from app.publishing.checked_fields import mistakes, sentence
from app.publishing.create import ChangesNotReviewed, TooManyDrafts, create_petition, import_upload, suggest_slug
from app.publishing.forms import ImportForm
from app.publishing.language_forms import NewForm
from app.publishing.next_step import next_step
from app.web import body_size, headers, language
from app.web.answers import private_page

bp = Blueprint("publishing", __name__, url_prefix="/organise/petitions")
# A global, as the dashboard shows it as well.
bp.add_app_template_global(next_step, "next_step")
MAX_FILE_NAME_LENGTH = 100
TOO_MANY_DRAFTS = lazy("You have begun many drafts today. Please go on with one of them, or wait a day.")


@bp.get("/new")
@open_to(Who.ORGANISERS)
def new() -> BaseResponse:
    """Show the form for a new draft."""
    return _form_page("publishing/new.html", NewForm(formdata=None, data={"language": me().language}))


@bp.post("/new")
@open_to(Who.ORGANISERS)
def create() -> BaseResponse:
    """Create a draft and redirect to its words."""
    form = NewForm()
    if not form.validate():
        return _form_page("publishing/new.html", form, 422)
    slug = form.slug.data or suggest_slug(form.title.data)
    try:
        if not create_petition(PetitionFile(slug, form.chosen(), form.title.data), me().id):
            form.slug.data = slug
            form.slug.errors = [sentence(slug_not_free())]
            return _form_page("publishing/new.html", form, 422)
    except TooManyDrafts:
        form.title.errors = [TOO_MANY_DRAFTS]
        return _form_page("publishing/new.html", form, 429)
    return redirect(url_for("editing.words", slug=slug), 303)


@bp.get("/import")
@open_to(Who.ORGANISERS, fresh=True)
def ask_for_file() -> BaseResponse:
    """Show the form to upload a petition file."""
    return _form_page("publishing/import.html", ImportForm(formdata=None))


@bp.post("/import")
@open_to(Who.ORGANISERS, fresh=True)
@body_size.max_body_size(3 * body_size.MIB)
def import_file() -> BaseResponse:
    """Import a petition file as a draft, or, after a review of the changes, into the existing petition."""
    form = ImportForm()
    upload = request.files.get("file")
    content, name = (form.content.data or "").encode(), (form.name.data or "")[:MAX_FILE_NAME_LENGTH]
    if upload is not None and upload.filename:
        content, name = upload.read(), upload.filename[:MAX_FILE_NAME_LENGTH]
    if not form.validate() or not name:
        form.file.errors = [_("Please choose a petition file.")]
        return _form_page("publishing/import.html", form, 422)
    try:
        slug, is_new = import_upload(content, name, me().id, form.fingerprint.data or "")
    except ChangesNotReviewed as review:
        form = ImportForm(
            formdata=None, data={"content": content.decode(), "name": name, "fingerprint": review.fingerprint}
        )
        return private_page(
            "publishing/import_review.html",
            form=form,
            review=review,
            parts=LABELS,
            reported=labels_of(", ".join(review.reported)),
        )
    except TooManyDrafts:
        form.file.errors = [TOO_MANY_DRAFTS]
        return _form_page("publishing/import.html", form, 429)
    except BadPetitionFile as wrong:
        form.file.errors = [str(wrong)]
        return _form_page("publishing/import.html", form, 422)
    flash(_("The file is in.") if is_new else _("Nothing changed: the petition says all of this already."), "info")
    return redirect(url_for(".overview", slug=slug), 303)


@bp.get("/<slug:slug>/publishing")
@open_to(Who.VIEWERS)
def overview(slug: str) -> BaseResponse:
    """Show the petition's standing, and the possible acts."""
    petition = petition_here()
    return petition_page(
        "publishing/overview.html",
        "petition",
        standing=petition.standing(clock.now()),
        may_open=opening.may_open(me()),
    )


@bp.get("/<slug:slug>/preview")
@bp.get("/<slug:slug>/preview/<language:lang>")
@open_to(Who.VIEWERS)
def preview(slug: str, lang: str | None = None) -> BaseResponse:
    """Show the petition's page as visitors would see it."""
    edition = page.find_edition(slug, lang, drafts=True) or abort(404)
    with language.force_language(me().language):
        bar = Markup(render_template("publishing/_preview_bar.html", petition=edition.petition))  # noqa: S704 - ours
    language.set_language(edition.language)
    return headers.no_store(make_response(render_petition(edition, preview=bar)))


@bp.get("/<slug:slug>/petition.md")
@open_to(Who.VIEWERS)
def download(slug: str) -> BaseResponse:
    """Send the petition as a petition file."""
    response = Response(write_petition_file(as_file(db.session(), petition_here())), mimetype="text/markdown")
    response.headers["Content-Disposition"] = f'attachment; filename="{slug}.md"'
    return headers.no_store(response)


def _form_page(template: str, form: OrganiserForm, status: int = 200) -> BaseResponse:
    return private_page(template, status, form=form, wrong=list(mistakes(form)))
