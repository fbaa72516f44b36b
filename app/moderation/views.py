"""Views that invalidate, restore and dismiss after a preview, and views that hide and show at once."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from flask_babel import ngettext
from werkzeug import Response
from wtforms import Field, HiddenField, RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, ValidationError

from app import clock
from app.models import Reason
from app.moderation import bulk
from app.moderation.hide import HideablePart, hide_part, show_part
from app.organisers.access import Who, me, open_to, petition_here
from app.organisers.forms import OrganiserForm
from app.organisers.pages import petition_page
from app.watching import listing, selection, trace, words
from app.watching.selection import Selection
from app.web.typed_text import tidy_paragraphs

bp = Blueprint("moderation", __name__, url_prefix="/organise/petitions/<slug:slug>/signatures")
MAX_NOTE_LENGTH = 1000
MESSAGES = {
    (HideablePart.NAME, True): lazy("It is off the petition's page. It counts as before."),
    (HideablePart.NAME, False): lazy("It is on the petition's page again."),
    (HideablePart.COMMENT, True): lazy("The comment is hidden. The name is still shown."),
    (HideablePart.COMMENT, False): lazy("The comment is shown again."),
}


class BulkForm(OrganiserForm):
    """The fingerprint of the signatures that the page displayed; a form without it asks for the preview."""

    fingerprint = HiddenField()


class InvalidateForm(BulkForm):
    """The reason for invalidating, and a note."""

    reason = RadioField(
        lazy("Why should this not count?"),
        choices=[SelectChoice(reason.value, label) for reason, label in words.REASONS.items()],
        validate_choice=False,
    )
    note = TextAreaField(
        lazy("A note for those who work on this petition"),
        filters=[tidy_paragraphs],
        validators=[Length(max=MAX_NOTE_LENGTH, message=lazy("Please shorten this to 1000 characters."))],
        render_kw={"rows": 3, "maxlength": MAX_NOTE_LENGTH},
    )

    def validate_reason(self, field: Field) -> None:
        """Refuse to invalidate without one of the reasons."""
        if field.data not in set(Reason):
            raise ValidationError(lazy("Please choose a reason."))


FormT = TypeVar("FormT", bound=BulkForm)


@bp.post("/invalidate")
@open_to(Who.EDITORS, fresh=True)
def invalidate(slug: str) -> Response:
    """Show how many signatures this will invalidate; then, with a reason, do it."""

    def act(petition_id: int, chosen: Selection, form: InvalidateForm) -> int:
        reason, note = Reason(form.reason.data), form.note.data
        return bulk.invalidate(petition_id, chosen, form.fingerprint.data, me().id, reason, note)

    return _preview_then_act(
        "moderation/invalidate.html",
        bulk.invalidatable,
        InvalidateForm,
        act,
        lambda number: ngettext(
            "%(num)d signature does not count any more.", "%(num)d signatures do not count any more.", number
        ),
    )


@bp.post("/restore")
@open_to(Who.EDITORS, fresh=True)
def restore(slug: str) -> Response:
    """Show how many signatures this will restore; then do it."""

    def act(petition_id: int, chosen: Selection, form: BulkForm) -> int:
        return bulk.restore(petition_id, chosen, form.fingerprint.data, me().id)

    return _preview_then_act(
        "moderation/restore.html",
        bulk.restorable,
        BulkForm,
        act,
        lambda number: ngettext("%(num)d signature counts again.", "%(num)d signatures count again.", number),
    )


@bp.post("/dismiss")
@open_to(Who.EDITORS, fresh=True)
def dismiss(slug: str) -> Response:
    """Show how many suspected signatures this will mark as fine; then do it."""

    def act(petition_id: int, chosen: Selection, form: BulkForm) -> int:
        return bulk.dismiss(petition_id, chosen, form.fingerprint.data, me().id)

    return _preview_then_act(
        "moderation/dismiss.html",
        bulk.suspected,
        BulkForm,
        act,
        lambda number: ngettext(
            "%(num)d signature is marked as fine.", "%(num)d signatures are marked as fine.", number
        ),
    )


@bp.post("/<entry>/hide")
@open_to(Who.EDITORS)
def hide(slug: str, entry: str) -> Response:
    """Hide a name or comment from the petition's page."""
    return _set_hidden(slug, entry, hidden=True)


@bp.post("/<entry>/show")
@open_to(Who.EDITORS)
def unhide(slug: str, entry: str) -> Response:
    """Show a name or comment on the petition's page again."""
    return _set_hidden(slug, entry, hidden=False)


def _set_hidden(slug: str, entry: str, *, hidden: bool) -> Response:
    part = request.form.get("part")
    if part not in set(HideablePart) or not OrganiserForm().validate():
        abort(400)
    try:
        public_id = selection.entry_id(entry)
    except selection.NotASelection:
        abort(404)
    set_part = hide_part if hidden else show_part
    if set_part(petition_here().id, public_id, HideablePart(part), me().id):
        flash(str(MESSAGES[HideablePart(part), hidden]), "info")
    return redirect(url_for("watching.signature", slug=slug, entry=entry), 303)


def _selection(slug: str) -> Selection:
    """Return what the form selects. A form without entries must have the field `all`."""
    try:
        chosen = selection.read_selection(request.form, request.form.getlist("entry"))
    except selection.NotASelection:
        abort(400)
    if not chosen.entries:
        if "all" not in request.form:
            flash(_("Tick at least one signature first."), "error")
            abort(redirect(url_for("watching.signatures", slug=slug), 303))
        chosen = replace(chosen, before=chosen.before or clock.now())  # leaves out later signatures
    return chosen


def _preview_then_act(
    template: str,
    narrow: Callable[[Selection], Selection],
    form_class: type[FormT],
    act: Callable[[int, Selection, FormT], int],
    message: Callable[[int], str],
) -> Response:
    """Show the preview of an act; do it once the form has the preview's fingerprint."""
    petition = petition_here()
    chosen = _selection(petition.slug)
    if "fingerprint" not in request.form:
        return _preview(template, chosen, narrow(chosen), form_class(formdata=None))
    form = form_class()
    if not form.validate():
        return _preview(template, chosen, narrow(chosen), form, 422)
    number = act(petition.id, chosen, form)
    if not number:
        return _preview(template, chosen, narrow(chosen), form, 409, moved=True)
    flash(message(number), "info")
    return _redirect_back(petition.slug, chosen)


def _preview(
    template: str, chosen: Selection, narrowed: Selection, form: BulkForm, status: int = 200, *, moved: bool = False
) -> Response:
    petition_id = petition_here().id
    trace.trace_list(petition_id, me().id, chosen)
    preview = bulk.preview(petition_id, narrowed)
    form.fingerprint.data = preview.fingerprint
    return petition_page(
        template,
        "signatures",
        status,
        form=form,
        chosen=chosen,
        list_filter=replace(chosen, before=None, entries=()).fields(),
        preview=preview,
        newest=listing.list_page(petition_id, narrowed).rows,
        words=words,
        moved=moved,
    )


def _redirect_back(slug: str, chosen: Selection) -> Response:
    """Redirect to the one signature, or to the list with the filter, but for the state, which has changed."""
    if len(chosen.entries) == 1:
        return redirect(url_for("watching.signature", slug=slug, entry=chosen.entries[0].hex()), 303)
    fields: dict[str, Any] = dict(replace(chosen, state=None, before=None, entries=()).fields())
    return redirect(url_for("watching.signatures", slug=slug, **fields), 303)
