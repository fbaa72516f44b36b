"""A signer's own entry, opened by the link in their letters: GET shows, POST corrects or withdraws."""

import math

from flask import Blueprint, abort, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug import Response

from app.crypto import tokens
from app.db import db
from app.export.handover import handovers_of
from app.models import State
from app.models.signer import signer_of
from app.petitions.news import news_for_signers
from app.petitions.requested import edition_or_original
from app.petitions.wording import privacy
from app.signers import entry_link
from app.signers.correct import correct
from app.signers.withdraw import withdraw
from app.signing.entry import Entry, entry_digest, find_entry
from app.signing.forms import AddressForm, EntryForm
from app.web import language, rate_limits
from app.web.answers import private_page
from app.web.csrf import authorised_by_token
from app.web.rate_limits import Action

bp = Blueprint("signers", __name__)


@bp.get("/entry/<token>", endpoint="show_discreetly")  # what letters of discreet petitions link to
@bp.get("/signature/<token>")
def show_entry(token: str) -> Response:
    """Show what is stored and to whom it was handed over; for a discreet petition only a button that shows it."""
    entry = _entry(token)
    return private_page("signing/show_me.html", entry=entry) if entry.petition.discreet else _shown(entry)


@bp.post("/entry/<token>")
@bp.post("/signature/<token>")
@authorised_by_token
def change_entry(token: str) -> Response:
    """Correct or withdraw the entry (idempotent)."""
    entry = _entry(token)
    act = request.form.get("act")
    if act == "withdraw":
        withdraw(entry.signature.public_id)
        return _shown(_entry(token))
    if act != "correct" or entry.signature.state != State.VERIFIED:
        return _shown(entry)  # pressed "show me", the first button of a discreet petition
    form = EntryForm()
    form.ask(entry.petition, entry.text.language)
    if form.digest.data != entry_digest(entry):
        return _shown(entry, status=409, stale=True)
    if not form.validate():
        return _shown(entry, form, 422)
    wait = rate_limits.hit_one(Action.CORRECT, entry.signature.public_id)
    if wait:
        form.form_errors.append(_("You have changed this often today. Please wait a day, or withdraw it now."))
        return _shown(entry, form, 429)
    if not correct(entry.signature.public_id, form.digest.data, form.correction()):
        return _shown(_entry(token), status=409, stale=True)  # another request changed it since the look above
    return _shown(_entry(token), saved=True)


@bp.get("/petitions/<slug:slug>/my-signature")
def ask_for_link(slug: str) -> Response:
    """Ask for the address to send the entry's link to; after sending, say that an e-mail is on its way."""
    edition = edition_or_original(slug, request.args.get("language"))
    return private_page("signers/lost.html", entry=None, edition=edition, form=AddressForm(formdata=None))


@bp.post("/petitions/<slug:slug>/my-signature")
def send_link(slug: str) -> Response:
    """Queue the e-mail with the link if somebody signed with this address; the answer is the same if nobody did."""
    edition = edition_or_original(slug, request.form.get("language"))
    form = AddressForm()
    meant = form.ask_about_domain(request.form.get("address"))
    if not form.validate() or meant:
        return private_page("signers/lost.html", 422, entry=None, edition=edition, form=form, meant=meant)
    wait = rate_limits.hit(Action.REQUEST_ENTRY_LINK)
    if wait:
        answer = private_page(
            "signers/lost.html", 429, entry=None, edition=edition, form=form, wait=math.ceil(wait / 60)
        )
        answer.headers["Retry-After"] = str(wait)
        return answer
    entry_link.request_entry_link(edition.petition, form.email.address())
    return redirect(url_for(".ask_for_link", slug=slug, language=request.form.get("language"), sent=1), 303)


def _entry(token: str) -> Entry:
    """Return the entry that the link is for; abort with a page that says why, if there is none."""
    try:
        public_id, generation = tokens.read_token(tokens.Purpose.ENTRY, token)
    except tokens.BadToken:
        why = "test" if token.startswith(tokens.OF_A_TEST) else "altered"
        abort(private_page("signers/no_entry.html", 404, entry=None, why=why))
    entry = find_entry(public_id)
    if entry is None:
        abort(private_page("signers/no_entry.html", 410, entry=None, why="gone"))
    language.set_language(entry.language)
    if not entry_link.still_works(db.session(), entry.signature, generation):
        abort(private_page("signers/no_entry.html", 410, entry=entry, why="replaced"))
    return entry


def _shown(entry: Entry, form: EntryForm | None = None, status: int = 200, **flags: bool) -> Response:
    signature = entry.signature
    if signature.sealed is None:
        was_withdrawn = signature.state == State.WITHDRAWN or not entry.petition.erased_at
        why = "withdrawn" if was_withdrawn else "erased"
        return private_page("signers/no_entry.html", 410, entry=entry, why=why)
    return private_page(
        "signers/entry.html",
        status,
        entry=entry,
        form=form or EntryForm.of(signature, entry.petition, entry.text.language, digest=entry_digest(entry)),
        email=signer_of(signature).email,
        counts=signature.state == State.VERIFIED,
        handed_over=handovers_of(signature),
        privacy=privacy(entry),
        news=news_for_signers(entry.petition, entry.language),
        **flags,
    )
