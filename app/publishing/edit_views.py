"""The pages to edit a petition: its words, its details, and what people trust (money, data, addressee)."""

from functools import partial
from typing import Any

from flask import Blueprint, Response, abort, flash, g, redirect, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug import Response as BaseResponse

from app import clock
from app.db import db
from app.models.petition import Standing
from app.organisers.access import Who, is_fresh, may, me, open_to, petition_here
from app.petition_files import values
from app.petition_files.content import PetitionFile
from app.petition_files.file import MAX_TEXT_LENGTH
from app.petition_files.saving import trusted_changes
from app.petition_files.stored import outdated_translations
from app.petition_files.tell_owners import TRUSTED_KEYS
from app.petitions.markdown import to_html
from app.petitions.page import find_edition
from app.petitions.wording import privacy
from app.publishing.checked_fields import sentence
from app.publishing.edit import PetitionPart, StaleVersion, edit_part
from app.publishing.forms import DetailsForm, OutcomeForm, TrustForm, WordsForm
from app.publishing.language_forms import TranslationLanguageForm
from app.publishing.part_pages import (
    LONG_TEXTS,
    conflict_with,
    flash_saved,
    part_page,
    refuse_too_many,
    save_part,
    stored_file,
)
from app.publishing.translation_form import TRANSLATED, data_of, translation_form
from app.publishing.who_writes import may_write, set_owners_write
from app.web import body_size, headers, language
from app.web.typed_text import tidy_markdown

bp = Blueprint("editing", __name__, url_prefix="/organise/petitions/<slug:slug>")

WORDS = ("title", "statement", "body", "thanks")
OUTCOME = ("outcome", "outcome_on")


@bp.get("/words")
@bp.get("/words/<language:lang>")
@open_to(Who.EDITORS)
def words(slug: str, lang: str | None = None) -> BaseResponse:
    """Show the form for the words in one language; `?in=` and `tag=` redirect to another one."""
    another = TranslationLanguageForm(request.args)
    if "in" in request.args and another.validate():
        return redirect(url_for(".words", slug=slug, lang=_tag(another.chosen())))
    file, tag = stored_file(), _tag(lang) if lang else petition_here().language
    part = _words_of(file, tag)
    said = part.of(file)
    data = said if tag == file.language else data_of(said)
    form = _words_form(file, tag)(formdata=None, data={**data, "base": part.digest(file)})
    return _words(form, file, tag, 422 if another.errors else 200, another=another)


@bp.post("/words")
@bp.post("/words/<language:lang>")
@open_to(Who.EDITORS)
@body_size.max_body_size(2 * LONG_TEXTS)
def save_words(slug: str, lang: str | None = None) -> BaseResponse:
    """Save the words as the next version, or show a preview; the form keeps what was typed.

    What people trust wants a fresh sign-in in translations too.
    """
    file, tag = stored_file(), _tag(lang) if lang else petition_here().language
    form = _words_form(file, tag)()
    form.is_draft = petition_here().opened_at is None and tag == file.language
    if "preview" in request.form:
        return _words(form, file, tag, preview=_rendered(form.body.data))
    if not form.validate():
        return _words(form, file, tag, 422)
    part = _words_of(file, tag)
    if trusted_changes(file, part.put(file, form.answers())) and not is_fresh():
        return _words(form, file, tag, 403, not_fresh=True)
    try:
        saved = edit_part(petition_here().id, part, form.base.data or "", form.answers(), me().id)
    except StaleVersion as stale:
        conflict = conflict_with(form, part, stale)
        return _words(form, stale.now, tag, 409, conflict=conflict)
    flash_saved(saved)
    if saved.texts and tag == file.language:
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
    """Show the forms for the details, one for each step."""
    return _details_page(_stored_step("basics"))


@bp.post("/details")
@open_to(Who.EDITORS)
@body_size.max_body_size(body_size.MIB)
def save_details(slug: str) -> BaseResponse:
    """Save one step of the details."""
    refuse_too_many(DetailsForm.lists)
    step = request.form.get("step")
    if step not in DetailsForm.steps:
        abort(400)
    form = _step(step)
    return save_part(form, PetitionPart(form.keys), partial(_details_page, posted=step))


@bp.get("/trust")
@open_to(Who.EDITORS, fresh=True)
def trust(slug: str) -> BaseResponse:
    """Show the form for what people trust; it needs a fresh sign-in."""
    file = stored_file()
    form = TrustForm(formdata=None, data={**TrustForm.of(file), "base": PetitionPart(TRUSTED_KEYS).digest(file)})
    return _trust_page(form)


@bp.post("/trust")
@open_to(Who.EDITORS)
@body_size.max_body_size(LONG_TEXTS)
def save_trust(slug: str) -> BaseResponse:
    """Save what people trust. Without a fresh sign-in it asks for one, and keeps what was typed."""
    refuse_too_many(TrustForm.lists)
    form = TrustForm()
    if request.form.get("more") not in form.lists and not is_fresh():
        return _trust_page(form, 403, not_fresh=True)
    return save_part(form, PetitionPart(TRUSTED_KEYS), _trust_page)


def _rendered(body: str | None) -> str:
    """Return Markdown as HTML of the petition's page, or a note with what is wrong if it cannot be saved."""
    try:
        return to_html(values.markdown(MAX_TEXT_LENGTH)("body", tidy_markdown(body)))
    except values.InvalidValue as wrong:
        note = Markup('<p class="note" lang="{}" dir="auto">{}</p>')
        return note.format(me().language, sentence(wrong))


@bp.get("/outcome")
@open_to(Who.EDITORS)
def outcome(slug: str) -> BaseResponse:
    """Show the form for what became of the petition; it begins with today as its day."""
    file = stored_file()
    said = {"outcome": file.outcome, "outcome_on": file.outcome_on if file.outcome else clock.now().date()}
    return _outcome_page(OutcomeForm(formdata=None, data={**said, "base": PetitionPart(OUTCOME).digest(file)}))


@bp.post("/outcome")
@open_to(Who.EDITORS)
@body_size.max_body_size(LONG_TEXTS)
def save_outcome(slug: str) -> BaseResponse:
    """Save what became of the petition."""
    return save_part(OutcomeForm(), PetitionPart(OUTCOME), _outcome_page)


@bp.post("/who-writes")
@open_to(Who.OWNERS)
def set_who_writes(slug: str) -> BaseResponse:
    """Let owners alone change the text of the open petition, or editors too."""
    set_owners_write(petition_here().id, me().id, to=request.form.get("who") == "owners")
    flash(_("Saved."), "success")
    return redirect(url_for("members.show_members", slug=slug), 303)


def _words_of(file: PetitionFile, tag: str) -> PetitionPart:
    return PetitionPart(WORDS) if tag == file.language else PetitionPart(TRANSLATED, tag)


def _words_form(file: PetitionFile, tag: str) -> type[WordsForm]:
    return WordsForm if tag == file.language else translation_form(file)


def _step(step: str, **given: Any) -> DetailsForm:
    """Return the form of a step, with what this organiser may change: of an open petition only owners the last day.

    That of a closed petition changes only by opening it again.
    """
    standing = petition_here().standing(clock.now())
    may_change_last_day = standing == Standing.DRAFT or (standing == Standing.OPEN and may(Who.OWNERS))
    form = DetailsForm(**given)
    form.is_open = standing == Standing.OPEN
    form.keep(tuple(key for key in DetailsForm.steps[step] if key != "closes_on" or may_change_last_day))
    return form


def _stored_step(step: str) -> DetailsForm:
    file = stored_file()
    form = _step(step, formdata=None, data=DetailsForm.of(file))
    form.base.data = PetitionPart(form.keys).digest(file)
    return form


def _tag(lang: str) -> str:
    try:
        return values.language("language", lang)
    except values.InvalidValue:
        abort(404)


def _flash_outdated_translations() -> None:
    outdated = ", ".join(map(language.display_name, outdated_translations(db.session(), petition_here())))
    if outdated:
        flash(_("These translations are now older than the text: %(languages)s.", languages=outdated), "warning")


def _words(form: WordsForm, file: PetitionFile, tag: str, status: int = 200, **context: Any) -> BaseResponse:
    context.setdefault("preview", _rendered(form.body.data))
    written = [file.language, *(translation["language"] for translation in file.translations)]
    return part_page(
        "publishing/words.html",
        form,
        status,
        file=file,
        lang=tag,
        written=written,
        outdated=outdated_translations(db.session(), petition_here()),
        another=context.pop("another", TranslationLanguageForm()).offer(written),
        may_write=may_write(petition_here(), g.role),
        **context,
    )


def _details_page(form: DetailsForm, status: int = 200, *, posted: str = "basics", **context: Any) -> BaseResponse:
    steps = {step: form if step == posted else _stored_step(step) for step in DetailsForm.steps}
    return part_page("publishing/details.html", form, status, steps=steps, **context)


def _outcome_page(form: OutcomeForm, status: int = 200, **context: Any) -> BaseResponse:
    return part_page("publishing/outcome.html", form, status, **context)


def _trust_page(form: TrustForm, status: int = 200, **context: Any) -> BaseResponse:
    edition = find_edition(petition_here().slug, drafts=True) or abort(404)
    return part_page("publishing/trust.html", form, status, edition=edition, privacy=privacy(edition), **context)
