"""The pages to edit a petition: its words, its details, and what people trust (money, data, addressee)."""

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug import Response as BaseResponse

from app import clock
from app.db import db
from app.models.petition import Standing
from app.organisers.access import Who, is_fresh, may, me, open_to, petition_here
from app.organisers.pages import petition_page
from app.petition_files import values
from app.petition_files.content import PetitionFile
from app.petition_files.file import MAX_TEXT_LENGTH
from app.petition_files.saving import TRUSTED_KEYS
from app.petition_files.stored import as_file, outdated_translations
from app.petitions.labels import LABELS
from app.petitions.markdown import to_html
from app.publishing.checked_fields import add_rows, mistakes, number_of_rows, sentence
from app.publishing.compare import Differences, differences
from app.publishing.edit import PetitionPart, StaleVersion, edit_part
from app.publishing.forms import DetailsForm, PartForm, TrustForm, WordsForm
from app.web import body_size, headers, language

bp = Blueprint("editing", __name__, url_prefix="/organise/petitions/<slug:slug>")

WORDS = ("title", "statement", "body")
MORE_ROWS = 3
# 100,000 characters of up to four bytes, and a form sends each byte as three (%F0).
LONG_TEXTS = 3 * body_size.MIB


@bp.get("/words")
@bp.get("/words/<language:lang>")
@open_to(Who.EDITORS)
def words(slug: str, lang: str | None = None) -> BaseResponse:
    """Show the form for the words in one language; `?in=` redirects to another one."""
    other_language = request.args.get("in")
    if other_language:
        return redirect(url_for(".words", slug=slug, lang=_tag(other_language)))
    file, tag = _file(), _tag(lang) if lang else petition_here().language
    part = _words_of(file, tag)
    form = WordsForm(formdata=None, data={**part.of(file), "base": part.digest(file)})
    return _words(form, file, tag, 200 if other_language is None else 422, none_chosen=other_language is not None)


@bp.post("/words")
@bp.post("/words/<language:lang>")
@open_to(Who.EDITORS)
@body_size.max_body_size(LONG_TEXTS)
def save_words(slug: str, lang: str | None = None) -> BaseResponse:
    """Save the words as the next version, or show a preview; the form keeps what was typed."""
    file, tag = _file(), _tag(lang) if lang else petition_here().language
    form = WordsForm()
    form.is_draft = petition_here().opened_at is None and tag == file.language
    if "preview" in request.form:
        return _words(form, file, tag, preview=_rendered(form.body.data))
    if not form.validate():
        return _words(form, file, tag, 422)
    part = _words_of(file, tag)
    try:
        saved = edit_part(petition_here().id, part, form.base.data or "", form.answers(), me().id)
    except StaleVersion as stale:
        conflict = _conflict(form, part, stale)
        return _words(form, stale.now, tag, 409, conflict=conflict)
    _flash_saved(saved)
    if saved and tag == file.language:
        _flash_outdated_translations()
    return redirect(url_for(".words", slug=slug, lang=lang), 303)


@bp.post("/preview-markdown")
@open_to(Who.EDITORS)
@body_size.max_body_size(LONG_TEXTS)
def preview_markdown(slug: str) -> BaseResponse:
    """Return the HTML that the petition's page would show for this Markdown."""
    return headers.no_store(Response(_rendered(request.form.get("body")), mimetype="text/html"))


@bp.get("/details")
@open_to(Who.EDITORS)
def details(slug: str) -> BaseResponse:
    """Show the form for the details."""
    file, part = _file(), _details()
    return _details_page(_details_form(part, formdata=None, data={**DetailsForm.of(file), "base": part.digest(file)}))


@bp.post("/details")
@open_to(Who.EDITORS)
@body_size.max_body_size(body_size.MIB)
def save_details(slug: str) -> BaseResponse:
    """Save the details."""
    _refuse_too_many(DetailsForm.lists)
    part = _details()
    return _save(slug, _details_form(part), part, _details_page)


@bp.get("/trust")
@open_to(Who.EDITORS, fresh=True)
def trust(slug: str) -> BaseResponse:
    """Show the form for what people trust; it needs a fresh sign-in."""
    file = _file()
    form = TrustForm(formdata=None, data={**TrustForm.of(file), "base": PetitionPart(TRUSTED_KEYS).digest(file)})
    return _trust_page(form)


@bp.post("/trust")
@open_to(Who.EDITORS)
@body_size.max_body_size(LONG_TEXTS)
def save_trust(slug: str) -> BaseResponse:
    """Save what people trust. Without a fresh sign-in it asks for one, and keeps what was typed."""
    _refuse_too_many(TrustForm.lists)
    form = TrustForm()
    if request.form.get("more") not in form.lists and not is_fresh():
        return _trust_page(form, 403, not_fresh=True)
    return _save(slug, form, PetitionPart(TRUSTED_KEYS), _trust_page)


def _refuse_too_many(lists: tuple[str, ...]) -> None:
    if number_of_rows(request.form, lists) > values.MAX_ROWS:
        most = values.MAX_ROWS
        abort(
            413,
            _("A list may have %(most)d rows at most. Please go back and take some out; nothing was saved.", most=most),
        )


def _save(slug: str, form: PartForm, part: PetitionPart, show: Any) -> BaseResponse:
    form.is_draft = petition_here().opened_at is None
    more = request.form.get("more")
    if more in form.lists:
        add_rows(form[more], MORE_ROWS)
        return show(form)  # type: ignore[no-any-return]
    if not form.validate():
        return show(form, 422)  # type: ignore[no-any-return]
    try:
        saved = edit_part(petition_here().id, part, form.base.data or "", form.answers(), me().id)
    except StaleVersion as stale:
        return show(form, 409, conflict=_conflict(form, part, stale))  # type: ignore[no-any-return]
    _flash_saved(saved)
    return redirect(request.path, 303)


def _conflict(form: PartForm, part: PetitionPart, stale: StaleVersion) -> Differences:
    """Let the form be saved over the present content; return the differences by key."""
    form.base.data = part.digest(stale.now)
    form.base.raw_data = None
    return differences(part.of(stale.now), form.answers())


def _rendered(body: str | None) -> str:
    """Return Markdown as HTML of the petition's page, or a note with what is wrong if it cannot be saved."""
    try:
        return to_html(values.markdown(MAX_TEXT_LENGTH)("body", body or ""))
    except values.InvalidValue as wrong:
        note = Markup('<p class="note" lang="{}" dir="auto">{}</p>')
        return note.format(me().language, sentence(wrong))


def _words_of(file: PetitionFile, tag: str) -> PetitionPart:
    return PetitionPart(WORDS, "" if tag == file.language else tag)


def _details() -> PetitionPart:
    """Return the details that this organiser may change: only owners change the last day of an open petition.

    That of a closed petition changes only by opening it again.
    """
    standing = petition_here().standing(clock.now())
    may_change_last_day = standing == Standing.DRAFT or (standing == Standing.OPEN and may(Who.OWNERS))
    return PetitionPart((*DetailsForm.keys, "closes_on") if may_change_last_day else DetailsForm.keys)


def _details_form(part: PetitionPart, **given: Any) -> DetailsForm:
    form = DetailsForm(**given)
    form.is_open = petition_here().is_open(clock.now())
    if "closes_on" not in part.keys:
        del form.closes_on
    return form


def _tag(lang: str) -> str:
    try:
        return values.language("language", lang)
    except values.InvalidValue:
        abort(404)


def _file() -> PetitionFile:
    return as_file(db.session(), petition_here())


def _flash_saved(saved: object) -> None:
    flash(_("Saved.") if saved else _("Nothing was different, so nothing was changed."), "info")


def _flash_outdated_translations() -> None:
    outdated = ", ".join(map(language.display_name, outdated_translations(db.session(), petition_here())))
    if outdated:
        flash(_("These translations are now older than the text: %(languages)s.", languages=outdated), "warning")


def _words(form: WordsForm, file: PetitionFile, tag: str, status: int = 200, **context: Any) -> BaseResponse:
    context.setdefault("preview", _rendered(form.body.data))
    written = [file.language, *(translation["language"] for translation in file.translations)]
    return _page(
        "publishing/words.html",
        form,
        status,
        file=file,
        lang=tag,
        written=written,
        outdated=outdated_translations(db.session(), petition_here()),
        choices=_choices(written),
        **context,
    )


def _choices(written: list[str]) -> Iterator[tuple[str, str]]:
    return ((tag, name) for tag, name in language.language_choices() if tag not in written)


def _details_page(form: DetailsForm, status: int = 200, **context: Any) -> BaseResponse:
    return _page("publishing/details.html", form, status, **context)


def _trust_page(form: TrustForm, status: int = 200, **context: Any) -> BaseResponse:
    return _page("publishing/trust.html", form, status, **context)


def _page(template: str, form: PartForm, status: int, **context: Any) -> BaseResponse:
    form.pad()
    petition = petition_here()
    return petition_page(
        template,
        "petition",
        status,
        title=context["file"].title if "file" in context else _file().title,
        form=form,
        wrong=list(mistakes(form)),
        is_draft=petition.opened_at is None,
        standing=petition.standing(clock.now()),
        parts=LABELS,
        **context,
    )
