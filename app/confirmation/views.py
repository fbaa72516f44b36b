"""The page that the letter's link opens: GET shows and asks, POST confirms, HEAD and scanners change nothing."""

from typing import Any

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug import Response

from app import clock
from app.confirmation.confirm import Standing, confirm, standing
from app.crypto import tokens
from app.models.signer import signer_of
from app.petitions.markdown import to_html
from app.petitions.page import progress
from app.petitions.requested import edition_or_original
from app.signing.expiry import confirmable_until
from app.signing.forms import EntryForm
from app.signing.stored import Entry, digest, find
from app.web import language
from app.web.answers import private_page
from app.web.csrf import authorised_by_token

bp = Blueprint("confirmation", __name__)


@bp.get("/confirm/<token>")
def ask(token: str) -> Response:
    """Show what the signature says and ask for the button to be pressed."""
    entry = _entry(token)
    if entry is None or standing(entry, clock.now()) != Standing.PENDING:
        return _no_button(entry)
    if entry.petition.discreet:
        return private_page("signing/show_me.html", entry=entry)
    return private_page("confirmation/confirm.html", entry=entry, **_shown(entry, EntryForm.of(entry)))


@bp.post("/confirm/<token>")
@authorised_by_token
def answer(token: str) -> Response:
    """Confirm what the page showed, with the signer's corrections; a stale page confirms nothing."""
    entry = _entry(token)
    if entry is None or standing(entry, clock.now()) != Standing.PENDING:
        return _no_button(entry)
    if "digest" not in request.form:  # a discreet petition's first button: show me
        return private_page("confirmation/confirm.html", entry=entry, **_shown(entry, EntryForm.of(entry)))
    form = EntryForm()
    form.ask(entry.petition)
    if form.digest.data != digest(entry):
        return private_page(
            "confirmation/confirm.html", 409, entry=entry, stale=True, **_shown(entry, EntryForm.of(entry))
        )
    if not form.validate():
        return private_page("confirmation/confirm.html", 422, entry=entry, **_shown(entry, form))
    if not confirm(entry.signature.public_id, form.digest.data, form.correction()):
        return answer(token)  # another request came between: look again at what is true now
    if entry.petition.discreet:
        return redirect(url_for(".ask", token=token, language=language.requested_language()), 303)
    spoken = language.requested_language() or entry.signature.language
    other = spoken if spoken != entry.petition.language else None
    return redirect(url_for(".signed", slug=entry.petition.slug, language=other), 303)


@bp.get("/petitions/<slug:slug>/signed")
def signed(slug: str) -> Response:
    """Thank for a signature, with the count as it is at this moment."""
    edition = edition_or_original(slug, request.args.get("language"))
    return private_page("confirmation/signed.html", edition=edition, progress=progress(edition.petition))


def _entry(token: str) -> Entry | None:
    try:
        public_id, _generation = tokens.read(tokens.Purpose.CONFIRM, token)
    except tokens.BadToken:
        abort(private_page("confirmation/no_button.html", 404, entry=None, standing="altered"))
    entry = find(public_id)
    if entry is not None:
        language.set_language(entry.signature.language)
    return entry


def _shown(entry: Entry, form: EntryForm) -> dict[str, Any]:
    return {
        "form": form,
        "email": signer_of(entry.signature).email,
        "privacy": to_html(entry.notice.more),
        "until": confirmable_until(entry.petition, entry.signature.expires_at),
    }


def _no_button(entry: Entry | None) -> Response:
    """Answer a link that has nothing to confirm: a page of its own for each reason, which says what to do next."""
    now = standing(entry, clock.now()) if entry else Standing.EXPIRED
    status = {Standing.VERIFIED: 200, Standing.EXPIRED: 410, Standing.WITHDRAWN: 410}.get(now, 403)
    return private_page("confirmation/no_button.html", status, entry=entry, standing=now)
