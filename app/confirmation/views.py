"""The page that the confirmation link opens. GET shows it and changes nothing; POST confirms."""

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug import Response

from app.confirmation.confirm import ConfirmationStatus, confirm, find_with_status
from app.crypto import tokens
from app.models.signer import signer_of
from app.petitions.markdown import to_html
from app.petitions.page import progress
from app.petitions.requested import edition_or_original
from app.signing.entry import Entry, entry_digest
from app.signing.expiry import confirmable_until
from app.signing.forms import EntryForm
from app.web import language
from app.web.answers import private_page
from app.web.csrf import authorised_by_token

bp = Blueprint("confirmation", __name__)
STATUS_CODES = {ConfirmationStatus.VERIFIED: 200, ConfirmationStatus.EXPIRED: 410, ConfirmationStatus.WITHDRAWN: 410}


@bp.get("/confirm/<token>")
def ask(token: str) -> Response:
    """Show what the signature says, with the button that confirms it."""
    entry, status = _find(token)
    if entry is None or status != ConfirmationStatus.PENDING:
        return _no_button(entry, status)
    if entry.petition.discreet:
        return private_page("signing/show_me.html", entry=entry)
    return _confirm_page(entry)


@bp.post("/confirm/<token>")
@authorised_by_token
def answer(token: str) -> Response:
    """Confirm what the page showed, with the signer's corrections; a stale page confirms nothing."""
    entry, status = _find(token)
    if entry is None or status != ConfirmationStatus.PENDING:
        return _no_button(entry, status)
    if "digest" not in request.form:  # pressed "show me", the first button of a discreet petition
        return _confirm_page(entry)
    form = EntryForm()
    form.ask(entry.petition)
    if form.digest.data != entry_digest(entry):
        return _confirm_page(entry, code=409, stale=True)
    if not form.validate():
        return _confirm_page(entry, form, 422)
    if not confirm(entry.signature.public_id, form.digest.data, form.correction()):
        entry, status = _find(token)  # another request changed it since the look above
        if entry is None or status != ConfirmationStatus.PENDING:
            return _no_button(entry, status)
        return _confirm_page(entry, code=409, stale=True)
    if entry.petition.discreet:
        return redirect(url_for(".ask", token=token, language=language.requested_language()), 303)
    reader_language = language.requested_language() or entry.signature.language
    other = reader_language if reader_language != entry.petition.language else None
    return redirect(url_for(".signed", slug=entry.petition.slug, language=other), 303)


@bp.get("/petitions/<slug:slug>/signed")
def signed(slug: str) -> Response:
    """Thank for a signature, with the count as it is at this moment."""
    edition = edition_or_original(slug, request.args.get("language"))
    return private_page("confirmation/signed.html", edition=edition, progress=progress(edition.petition))


def _find(token: str) -> tuple[Entry | None, ConfirmationStatus]:
    """Return the entry that the link is for and what it leads to; abort with a page that says so if it was altered."""
    try:
        public_id, _generation = tokens.read_token(tokens.Purpose.CONFIRM, token)
    except tokens.BadToken:
        abort(private_page("confirmation/no_button.html", 404, entry=None, link_status="altered"))
    entry, status = find_with_status(public_id)
    if entry is not None:
        language.set_language(entry.signature.language)
    return entry, status


def _confirm_page(entry: Entry, form: EntryForm | None = None, code: int = 200, *, stale: bool = False) -> Response:
    """Show what the signature says, in a form to correct it, with the button that confirms it."""
    return private_page(
        "confirmation/confirm.html",
        code,
        entry=entry,
        form=form or EntryForm.of(entry),
        email=signer_of(entry.signature).email,
        privacy=to_html(entry.notice.more),
        until=confirmable_until(entry.petition, entry.signature.expires_at),
        stale=stale,
    )


def _no_button(entry: Entry | None, status: ConfirmationStatus) -> Response:
    """Return the page for a link that has nothing to confirm; it says why, and what to do next."""
    code = STATUS_CODES.get(status, 403)
    return private_page("confirmation/no_button.html", code, entry=entry, link_status=status)
