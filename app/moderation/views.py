"""Invalidating, restoring, hiding: each is shown before it is done, and done only as it was shown."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from flask_babel import ngettext
from werkzeug import Response
from wtforms import Field, HiddenField, RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, ValidationError

from app import clock
from app.models import Reason, State
from app.moderation.batch import Batch, in_state, preview
from app.moderation.dismiss import dismiss, suspected
from app.moderation.hide import Part, hide, show
from app.moderation.invalidate import invalidate
from app.moderation.restore import restore
from app.organisers.access import Who, me, open_to, petition_here
from app.organisers.forms import OrganiserForm
from app.organisers.pages import of_petition
from app.watching import listing, selection, words
from app.watching.selection import Selection

bp = Blueprint("moderation", __name__, url_prefix="/organise/petitions/<slug:slug>/signatures")
LONGEST_NOTE = 1000
TURNED = {
    (Part.NAME, True): lazy("It is off the petition's page. It counts as before."),
    (Part.NAME, False): lazy("It is on the petition's page again."),
    (Part.COMMENT, True): lazy("The comment is hidden. The name is still shown."),
    (Part.COMMENT, False): lazy("The comment is shown again."),
}


class RestoreForm(OrganiserForm):
    """The fingerprint of the signatures that the page told of; without it, the page is only asked for."""

    seen = HiddenField()


class InvalidateForm(RestoreForm):
    """Why these signatures are not to count."""

    reason = RadioField(
        lazy("Why should this not count?"),
        choices=[SelectChoice(reason.value, label) for reason, label in words.REASONS.items()],
        validate_choice=False,
    )
    note = TextAreaField(
        lazy("A note for those who work on this petition"),
        filters=[lambda text: (text or "").replace("\r\n", "\n").strip()],
        validators=[Length(max=LONGEST_NOTE, message=lazy("Please shorten this to 1000 characters."))],
        render_kw={"rows": 3, "maxlength": LONGEST_NOTE},
    )

    def validate_reason(self, field: Field) -> None:
        """Refuse to invalidate without one of the reasons."""
        if field.data not in set(Reason):
            raise ValidationError(lazy("Please choose a reason."))


@bp.post("/invalidate")
@open_to(Who.EDITORS)
def press_invalidate(slug: str) -> Response:
    """Show how many signatures this will invalidate; then, with a reason, do it."""
    chosen = _selection(slug)
    asked = "seen" in request.form
    form = InvalidateForm() if asked else InvalidateForm(formdata=None)
    if not asked:
        return _show("moderation/invalidate.html", chosen, in_state(chosen, State.VERIFIED), form)
    if not form.validate():
        return _show("moderation/invalidate.html", chosen, in_state(chosen, State.VERIFIED), form, 422)
    petition_id, organiser_id = petition_here().id, me().id
    reason, note = Reason(form.reason.data), form.note.data
    number = invalidate(petition_id, chosen, form.seen.data, reason, note, organiser_id)
    if not number:
        return _show("moderation/invalidate.html", chosen, in_state(chosen, State.VERIFIED), form, 409, moved=True)
    flash(
        ngettext("%(num)d signature does not count any more.", "%(num)d signatures do not count any more.", number),
        "info",
    )
    return _back(slug, chosen)


@bp.post("/restore")
@open_to(Who.EDITORS)
def press_restore(slug: str) -> Response:
    """Show how many signatures this will restore; then do it."""
    chosen = _selection(slug)
    form = RestoreForm() if "seen" in request.form else RestoreForm(formdata=None)
    if form.seen.data is None:
        return _show("moderation/restore.html", chosen, in_state(chosen, State.INVALIDATED), form)
    petition_id, organiser_id = petition_here().id, me().id
    number = restore(petition_id, chosen, form.seen.data, organiser_id) if form.validate() else 0
    if not number:
        return _show("moderation/restore.html", chosen, in_state(chosen, State.INVALIDATED), form, 409, moved=True)
    flash(ngettext("%(num)d signature counts again.", "%(num)d signatures count again.", number), "info")
    return _back(slug, chosen)


@bp.post("/dismiss")
@open_to(Who.EDITORS)
def press_dismiss(slug: str) -> Response:
    """Show how many signatures this will mark as fine that looked like part of a burst; then do it."""
    chosen = _selection(slug)
    form = RestoreForm() if "seen" in request.form else RestoreForm(formdata=None)
    if form.seen.data is None:
        return _show("moderation/dismiss.html", chosen, suspected(chosen), form)
    petition_id, organiser_id = petition_here().id, me().id
    number = dismiss(petition_id, chosen, form.seen.data, organiser_id) if form.validate() else 0
    if not number:
        return _show("moderation/dismiss.html", chosen, suspected(chosen), form, 409, moved=True)
    flash(
        ngettext("%(num)d signature is marked as fine.", "%(num)d signatures are marked as fine.", number),
        "info",
    )
    return _back(slug, chosen)


@bp.post("/<entry>/hide")
@open_to(Who.EDITORS)
def press_hide(slug: str, entry: str) -> Response:
    """Hide a name or comment from the petition's page."""
    return _turn(slug, entry, hidden=True)


@bp.post("/<entry>/show")
@open_to(Who.EDITORS)
def press_show(slug: str, entry: str) -> Response:
    """Show a name or comment on the petition's page again."""
    return _turn(slug, entry, hidden=False)


def _turn(slug: str, entry: str, *, hidden: bool) -> Response:
    part = request.form.get("part")
    if part not in set(Part) or not OrganiserForm().validate():
        abort(400)
    try:
        public_id = selection.entry_id(entry)
    except selection.NotASelection:
        abort(404)
    turn = hide if hidden else show
    if turn(petition_here().id, public_id, Part(part), me().id):
        flash(str(TURNED[Part(part), hidden]), "info")
    return redirect(url_for("watching.signature", slug=slug, entry=entry), 303)


def _selection(slug: str) -> Selection:
    """Return what the form selects. Without entries it must say that it means all who match."""
    try:
        chosen = selection.read(request.form, request.form.getlist("entry"))
    except selection.NotASelection:
        abort(400)
    if not chosen.entries:
        if "all" not in request.form:
            flash(_("Tick at least one signature first."), "error")
            abort(redirect(url_for("watching.signatures", slug=slug), 303))
        chosen = replace(chosen, before=chosen.before or clock.now())  # so that those who sign meanwhile are left alone
    return chosen


def _show(
    template: str, chosen: Selection, meant: Selection, form: RestoreForm, status: int = 200, **context: Any
) -> Response:
    """Show what a press would do to those `meant` of the ones that were chosen."""
    petition_id = petition_here().id
    found: Batch = preview(petition_id, meant)
    form.seen.data = found.seen
    return of_petition(
        template,
        "signatures",
        status,
        form=form,
        chosen=chosen,
        list_filter=replace(chosen, before=None, entries=()).fields(),
        batch=found,
        some=listing.page(petition_id, meant).rows,
        words=words,
        **context,
    )


def _back(slug: str, chosen: Selection) -> Response:
    """Lead back to the one signature, or to the list that these came from, in whatever state they are now."""
    if len(chosen.entries) == 1:
        return redirect(url_for("watching.signature", slug=slug, entry=chosen.entries[0].hex()), 303)
    fields: dict[str, Any] = dict(replace(chosen, state=None, before=None, entries=()).fields())
    return redirect(url_for("watching.signatures", slug=slug, **fields), 303)
