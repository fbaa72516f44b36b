"""What the pages share on which a part of a petition is edited: saving, conflicts, and what stands around a form."""

from typing import Any

from flask import abort, flash, redirect, request
from flask_babel import gettext as _
from werkzeug import Response as BaseResponse

from app import clock
from app.db import db
from app.organisers.access import me, petition_here
from app.organisers.pages import petition_page
from app.petition_files import values
from app.petition_files.content import PetitionFile
from app.petition_files.stored import as_file
from app.petitions.labels import LABELS
from app.publishing.checked_fields import add_rows, mistakes, number_of_rows
from app.publishing.compare import Differences, differences
from app.publishing.edit import PetitionPart, StaleVersion, edit_part
from app.publishing.forms import PartForm
from app.web import body_size

# 100,000 characters of up to four bytes, and a form sends each byte as three (%F0).
LONG_TEXTS = 3 * body_size.MIB


def refuse_too_many(lists: tuple[str, ...]) -> None:
    """Abort for a form with more rows in a list than a petition may have."""
    if number_of_rows(request.form, lists) > values.MAX_ROWS:
        most = values.MAX_ROWS
        abort(
            413,
            _("A list may have %(most)d rows at most. Please go back and take some out; nothing was saved.", most=most),
        )


def save_part(form: PartForm, part: PetitionPart, show: Any) -> BaseResponse:
    """Save a posted form as a part of the petition and come back to it; `show` renders it where it is not saved."""
    form.is_draft = petition_here().opened_at is None
    more = request.form.get("more")
    if more in form.lists and more in form:
        add_rows(form[more], 1)
        return show(form)  # type: ignore[no-any-return]
    if not form.validate():
        return show(form, 422)  # type: ignore[no-any-return]
    try:
        saved = edit_part(petition_here().id, part, form.base.data or "", form.answers(), me().id)
    except StaleVersion as stale:
        return show(form, 409, conflict=conflict_with(form, part, stale))  # type: ignore[no-any-return]
    flash_saved(saved)
    return redirect(request.path, 303)


def conflict_with(form: PartForm, part: PetitionPart, stale: StaleVersion) -> Differences:
    """Let the form be saved over the present content; return the differences by key."""
    form.base.data = part.digest(stale.now)
    form.base.raw_data = None
    return differences(part.of(stale.now), form.answers())


def stored_file() -> PetitionFile:
    """Return the petition of this request as a petition file."""
    return as_file(db.session(), petition_here())


def flash_saved(saved: object) -> None:
    """Say on the next page that it was saved, or that nothing was different."""
    flash(_("Saved.") if saved else _("Nothing was different, so nothing was changed."), "info")


def part_page(template: str, form: PartForm, status: int, **context: Any) -> BaseResponse:
    """Return the page of a form, with what is wrong in it."""
    petition = petition_here()
    return petition_page(
        template,
        "petition",
        status,
        title=context["file"].title if "file" in context else stored_file().title,
        form=form,
        wrong=list(mistakes(form)),
        is_draft=petition.opened_at is None,
        standing=petition.standing(clock.now()),
        parts=LABELS,
        **context,
    )
