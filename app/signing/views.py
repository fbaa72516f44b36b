"""The sign form, its proof of work, and the page that says what happens next."""

import math

from flask import Blueprint, abort, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError
from werkzeug import Response

from app import clock
from app.crypto import sealing
from app.email.domain import domain_of
from app.new_rows import NewRow
from app.outbox import slow_lane
from app.outbox.find_providers import takes_no_mail
from app.outbox.returned import came_back
from app.petitions.markdown import to_html
from app.petitions.page import Edition, find_edition
from app.petitions.requested import edition_or_original
from app.petitions.wording import privacy
from app.signing import code, email_reference, proof_of_work
from app.signing.domains import address_allowed
from app.signing.email_reference import Sent
from app.signing.forms import AddressForm, CodeForm, SignForm, Submission
from app.signing.readdress import readdress
from app.signing.sign import FormIds, sign
from app.web import headers, rate_limits
from app.web.answers import private_page
from app.web.network import networks
from app.web.public_page import public_page
from app.web.rate_limits import Action

bp = Blueprint("signing", __name__)


@bp.get("/petitions/<slug:slug>/sign")
@public_page("language")
def form(slug: str) -> Response:
    """Show the sign form on a page of its own."""
    edition = edition_or_original(slug, request.args.get("language"))
    return headers.cacheable(make_response(_page(edition, SignForm.blank(edition))))


@bp.post("/petitions/<slug:slug>/sign")
def submit(slug: str) -> Response:
    """Sign and lead to check-your-email, or show the form again with what was typed and its errors."""
    edition = edition_or_original(slug, request.form.get("language"))
    if not edition.is_open():
        return make_response(render_template("signing/closed.html", edition=edition), 409)
    answers = SignForm()
    answers.ask(edition.petition, edition.text.language)
    meant = answers.ask_about_domain(request.form.get("address"))
    if not answers.validate({"email": [] if meant else [address_allowed(edition)]}):
        return make_response(_page(edition, answers), 422)
    if answers.is_superseded(edition):
        answers.set_edition(edition)
        return make_response(_page(edition, answers, superseded=True), 422)
    if meant:
        return make_response(_page(edition, answers, meant=meant), 422)
    submission = answers.submission()
    text_id = edition.text.id
    try:
        if answers.is_by_a_bot():  # it gets the same answers, and nothing is saved
            ids, wait = FormIds.new(), rate_limits.hit(Action.SIGN)
        else:
            proof = proof_of_work.check(edition.petition, request.form.get("altcha", ""))
            ids, wait = _save(edition, submission, proof)
    except IntegrityError:
        edition = edition_or_original(slug, request.form.get("language"))
        if edition.text.id == text_id:
            raise
        # The translation on the form was taken back in this moment.
        answers.set_edition(edition)
        return make_response(_page(edition, answers, superseded=True), 422)
    if wait:
        return make_response(_page(edition, answers, wait=wait), 429, {"Retry-After": wait})
    return _to_check_your_email(slug, edition.language, submission.email, ids)


@bp.get("/petitions/<slug:slug>/challenge.json")
def challenge(slug: str) -> Response:
    """Return a challenge for ALTCHA's clients and our own script; `wanted` tells our script whether to solve it."""
    petition = edition_or_original(slug, None).petition
    wanted = rate_limits.is_near_limit() or slow_lane.is_filling(petition.id, clock.now())
    return headers.no_store(jsonify(**proof_of_work.challenge(petition), wanted=wanted))


@bp.get("/petitions/<slug:slug>/check-your-email/<reference>")
def check_your_email(slug: str, reference: str) -> Response:
    """Say which address was written to and what to do if no e-mail arrives; nothing about the mailbox."""
    edition, sent = _read_reference(slug, reference)
    return _check_your_email(edition, sent)


@bp.post("/petitions/<slug:slug>/check-your-email/<reference>")
def take_code(slug: str, reference: str) -> Response:
    """Lead to the confirm page if the code is right; otherwise give one answer, whatever is wrong."""
    edition, sent = _read_reference(slug, reference)
    if "email" in request.form:
        return _readdress(slug, edition, sent)
    form = CodeForm()
    if not form.validate():
        return _check_your_email(edition, sent, 422, form=form)
    if code.read_code(form.code.data) is None:  # that is no try
        form.code.errors = [_("A code has nine letters and digits, such as ABC-DEF-GHJ. Please look at it again.")]
        return _check_your_email(edition, sent, 422, form=form)
    wait = rate_limits.hit(Action.TYPE_CODE)
    if wait:
        form.code.errors = [_("Many codes came from where you are. Please wait some minutes, or use the link.")]
        return _check_your_email(edition, sent, 429, form=form)
    token = code.redeem_code(edition.petition, sent.address, form.code.data)
    if token is None:
        form.code.errors = [
            _(
                "This code does not fit, or does not work any more. The link in the e-mail may still work; after seven"
                " days, or if it does not, sign again for a new e-mail."
            )
            if edition.is_open()
            else _("This code does not fit, or does not work any more. The link in the e-mail may still work.")
        ]
        return _check_your_email(edition, sent, 422, form=form)
    return redirect(url_for("confirmation.ask", token=token), 303)


def _save(edition: Edition, submission: Submission, proof: NewRow | None) -> tuple[FormIds, int]:
    """Save a form, unless its client sends too many; return its ids, and the seconds to wait, 0 if it was saved.

    That its proof was used before shows only when it is written. Such a form is what it would be without and counts so,
    or one proof, sent again and again, would use up what its whole network may send.
    """
    came_from = list(networks(request.remote_addr))
    if proof:
        wait = rate_limits.wait_for(Action.SIGN_WITH_PROOF)
        ids = None if wait else sign(edition, submission, came_from, proof)
        if ids:
            rate_limits.hit(Action.SIGN_WITH_PROOF)
        if wait or ids:
            return ids or FormIds.new(), wait
    wait = rate_limits.hit(Action.SIGN)
    ids = None if wait else sign(edition, submission, came_from, None)
    return ids or FormIds.new(), wait


def _readdress(slug: str, edition: Edition, sent: Sent) -> Response:
    """Send the same form out again to another address; the answer is the same whatever became of the first."""
    form = AddressForm()
    meant = form.ask_about_domain(request.form.get("address"))
    valid = form.validate({"email": [] if meant else [address_allowed(edition)]})
    if not edition.is_open() or not sent.can_be_readdressed():
        return _check_your_email(edition, sent, 409)
    if meant or not valid:
        return _check_your_email(edition, sent, 422, address_form=form, meant=meant)
    wait = rate_limits.hit(Action.SIGN)
    if wait:
        form.email.errors = [_("Many forms came from where you are. Please wait some minutes, then press it again.")]
        return _check_your_email(edition, sent, 429, address_form=form)
    address = form.email.address()
    came_from = list(networks(request.remote_addr))
    ids = readdress(edition.petition, sent.ids, sent.address, address, came_from) or FormIds.new()
    return _to_check_your_email(slug, edition.language, address, ids)


def _to_check_your_email(slug: str, language: str, address: str, ids: FormIds) -> Response:
    reference = email_reference.make_reference(slug, language, address, ids)
    return redirect(url_for(".check_your_email", slug=slug, reference=reference), 303)


def _read_reference(slug: str, reference: str) -> tuple[Edition, Sent]:
    """Return the edition, and what else a reference says; abort with a page that says why, if it is not valid."""
    try:
        sent = email_reference.read_reference(slug, reference)
    except sealing.CannotOpen:
        edition = find_edition(slug) or abort(404)
        words = (
            _("This page is only for the one who has just signed. If that was you, sign again: it does no harm.")
            if edition.is_open()
            else _("If you signed before, the link to confirm in our e-mail still works for a day after closing.")
        )
        abort(404, words)
    return edition_or_original(slug, sent.language), sent


def _check_your_email(
    edition: Edition,
    sent: Sent,
    status: int = 200,
    *,
    form: CodeForm | None = None,
    address_form: AddressForm | None = None,
    meant: str | None = None,
) -> Response:
    return private_page(
        "signing/check_your_email.html",
        status,
        edition=edition,
        address=sent.address,
        form=form or CodeForm(formdata=None),
        address_form=address_form or AddressForm(formdata=None),
        meant=meant,
        takes_no_mail=takes_no_mail(domain_of(sent.address)),
        came_back=came_back(sent.ids.draft),
        can_be_readdressed=edition.is_open() and sent.can_be_readdressed(),
    )


def _page(
    edition: Edition, answers: SignForm, superseded: bool = False, wait: int = 0, meant: str | None = None
) -> str:
    return render_template(
        "signing/sign.html",
        edition=edition,
        petition=edition.petition,
        text=edition.text,
        body=to_html(edition.text.body) if superseded else None,
        privacy=privacy(edition),
        form=answers,
        superseded=superseded,
        meant=meant,
        wait=math.ceil(wait / 60),
    )
