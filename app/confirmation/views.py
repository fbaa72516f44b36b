"""The page that the confirmation link opens. GET shows it and changes nothing; POST confirms."""

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug import Response

from app.confirmation.confirm import confirm
from app.crypto import tokens
from app.models.signer import signer_of
from app.petitions import wording
from app.petitions.page import progress
from app.petitions.requested import edition_or_original
from app.signing.draft import DraftEntry
from app.signing.entry import Entry
from app.signing.expiry import confirmable_until
from app.signing.forms import AnswersForm
from app.signing.link import LinkStatus, follow_link
from app.web import language
from app.web.answers import private_page
from app.web.csrf import authorised_by_token

bp = Blueprint("confirmation", __name__)
STATUS_CODES = {LinkStatus.VERIFIED: 200, LinkStatus.EXPIRED: 410, LinkStatus.WITHDRAWN: 410}


@bp.get("/confirm/<token>")
def ask(token: str) -> Response:
    """Show what the draft says, with the button that confirms it."""
    entry = _draft(token)
    if entry.petition.discreet:
        return private_page("signing/show_me.html", entry=entry)
    return _confirm_page(entry)


@bp.post("/confirm/<token>")
@authorised_by_token
def answer(token: str) -> Response:
    """Confirm the draft, with the signer's corrections."""
    entry = _draft(token)
    if "name" not in request.form:  # pressed "show me", the first button of a discreet petition
        return _confirm_page(entry)
    form = AnswersForm()
    form.ask(entry.petition, entry.text.language)
    if not form.validate():
        return _confirm_page(entry, form, 422)
    thanks = _thanks(entry, token)  # while the petition is at hand: a transaction forgets what was read before
    if not confirm(entry, form.correction()):
        # Another request came between. If what it did was undone since, the button is there again.
        return _confirm_page(_draft(token), form, 409, is_disturbed=True)
    return redirect(thanks, 303)


@bp.get("/petitions/<slug:slug>/signed")
def signed(slug: str) -> Response:
    """Thank for a signature, with the count as it is at this moment."""
    edition = edition_or_original(slug, request.args.get("language"))
    thanks = wording.thanks(edition)
    return private_page("confirmation/signed.html", edition=edition, progress=progress(edition.petition), thanks=thanks)


def _thanks(entry: DraftEntry, token: str) -> str:
    """Return the address of the page that thanks; for a discreet petition that of the link itself."""
    if entry.petition.discreet:
        return url_for(".ask", token=token, language=language.requested_language())
    reader_language = language.requested_language() or entry.language
    other = reader_language if reader_language != entry.petition.language else None
    return url_for(".signed", slug=entry.petition.slug, language=other)


def _draft(token: str) -> DraftEntry:
    """Return the draft that the link is for; abort with a page that says why, if there is none to confirm."""
    entry, status = _follow(token)
    if not isinstance(entry, DraftEntry) or status != LinkStatus.PENDING:
        abort(_no_button(entry, status))
    return entry


def _follow(token: str) -> tuple[Entry | DraftEntry | None, LinkStatus]:
    """Return what the link leads to, and its status; abort with a page that says so if it was altered."""
    try:
        public_id, _generation = tokens.read_token(tokens.Purpose.CONFIRM, token)
    except tokens.BadToken:
        abort(private_page("confirmation/no_button.html", 404, entry=None, link_status="altered"))
    entry, status = follow_link(public_id)
    if entry is not None:
        language.set_language(entry.language)
    return entry, status


def _confirm_page(
    entry: DraftEntry, form: AnswersForm | None = None, code: int = 200, *, is_disturbed: bool = False
) -> Response:
    """Show what the draft says, in a form to correct it, with the button that confirms it."""
    return private_page(
        "confirmation/confirm.html",
        code,
        entry=entry,
        form=form or AnswersForm.of(entry.draft, entry.petition, entry.text.language),
        email=signer_of(entry.draft).email,
        privacy=wording.privacy(entry),
        until=confirmable_until(entry.petition, entry.draft.expires_at),
        is_disturbed=is_disturbed,
    )


def _no_button(entry: Entry | DraftEntry | None, status: LinkStatus) -> Response:
    """Return the page for a link that has nothing to confirm; it says why, and what to do next."""
    code = STATUS_CODES.get(status, 403)
    # Of a discreet petition words of thanks could name the cause, so they too wait for a button to be pressed.
    waits = entry is not None and entry.petition.discreet and status == LinkStatus.VERIFIED
    thanks = wording.thanks(entry) if entry and waits else None
    is_shown = request.method == "POST"
    return private_page(
        "confirmation/no_button.html", code, entry=entry, link_status=status, thanks=thanks, is_shown=is_shown
    )
