"""Organisers' own pages: what they work on, joining, their account, and who else is on the site."""

from flask import Blueprint, abort, flash, make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_security import login_user, logout_user
from flask_security.proxies import _datastore
from sqlalchemy import select
from werkzeug import Response

from app import clock
from app.db import db, transaction
from app.models import Membership, Organiser, Petition
from app.organisers import accounts, members
from app.organisers.access import Who, me, open_to
from app.organisers.forms import JoinForm, OrganiserForm, SiteInvitationForm
from app.petitions import page
from app.web import headers, language

bp = Blueprint("organisers", __name__, url_prefix="/organise")


@bp.get("")
@open_to(Who.ORGANISERS)
def home() -> Response:
    """List the petitions that this organiser works on."""
    mine = (
        select(Petition, Membership.role)
        .join(Membership, Membership.petition_id == Petition.id)
        .where(Membership.organiser_id == me().id)
        .order_by(Petition.id.desc())
    )
    petitions = [
        (petition, role, page.newest_title(petition), page.progress(petition), petition.standing(clock.now()))
        for petition, role in db.session.execute(mine).all()
    ]
    return _private("organisers/home.html", petitions=petitions)


@bp.get("/invitation/<token>")
@open_to(Who.EVERYBODY)
def invitation(token: str) -> Response:
    """Ask an invited organiser how they want to sign in."""
    invited = _invited(token)
    return _private("organisers/join.html", form=JoinForm(), email=invited.email)


@bp.post("/invitation/<token>")
@open_to(Who.EVERYBODY)
def join(token: str) -> Response:
    """Let an invited organiser in: with a password, or on to make a passkey."""
    invited = _invited(token)
    form = JoinForm()
    if not form.validate():
        return _private("organisers/join.html", 422, form=form, email=invited.email)
    joined = accounts.join(invited, form.password.data or None)
    if joined is None:
        _invited(token)  # says that the link has been used
        abort(404)
    logout_user()  # whoever was signed in at this browser
    login_user(joined, authn_via=["invitation"])
    if form.password.data:
        return redirect(url_for(".home"), 303)
    return redirect(url_for("security.wan_register"), 303)


@bp.get("/account")
@open_to(Who.ORGANISERS)
def account() -> Response:
    """Show how this organiser signs in, and what can be changed about it."""
    return _private("organisers/account.html", form=OrganiserForm(), organiser=me())


@bp.post("/account/sign-out-everywhere")
@open_to(Who.ORGANISERS)
def sign_out_everywhere() -> Response:
    """End every session of this organiser, this one too."""
    with transaction():
        _datastore.set_uniquifier(db.session.get_one(Organiser, me().id))
    logout_user()
    flash(_("You are signed out everywhere."), "info")
    return redirect(url_for("security.login"), 303)


@bp.get("/account/end")
@open_to(Who.ORGANISERS, fresh=True)
def ask_to_end_account() -> Response:
    """Ask whether this account shall really end."""
    return _private("organisers/end_account.html", form=OrganiserForm())


@bp.post("/account/end")
@open_to(Who.ORGANISERS, fresh=True)
def end_account() -> Response:
    """Erase this account, unless a petition or the site would be left alone."""
    organiser = me()
    try:
        members.end_account(organiser.id, organiser)
    except members.LastOwner:
        return _private("organisers/end_account.html", 409, form=OrganiserForm(), last_owner=True)
    logout_user()
    flash(_("Your account is erased."), "info")
    return redirect(url_for("security.login"), 303)


@bp.get("/people")
@open_to(Who.ADMINISTRATORS)
def people() -> Response:
    """List everybody who has an account on the site or is invited."""
    return _people(SiteInvitationForm())


@bp.post("/people")
@open_to(Who.ADMINISTRATORS, fresh=True)
def invite() -> Response:
    """Invite somebody to the site."""
    form = SiteInvitationForm()
    if not form.validate():
        return _people(form, 422)
    accounts.invite(form.address(), by=me(), language=me().language)
    flash(_("The invitation is on its way."), "info")
    return redirect(url_for(".people"), 303)


@bp.post("/people/<member>/<any(appoint,dismiss,remove):what>")
@open_to(Who.ADMINISTRATORS, fresh=True)
def change_person(member: str, what: str) -> Response:
    """Make somebody an administrator or no longer one, or erase their account."""
    organiser = find_by_reference(member)
    try:
        if what == "remove":
            members.end_account(organiser.id, me())
        else:
            members.set_administrator(organiser.id, me(), to=what == "appoint")
    except members.LastOwner:
        return _people(SiteInvitationForm(), 409, last_owner=True)
    return redirect(url_for(".people"), 303)


def find_by_reference(reference: str) -> Organiser:
    """Return the active organiser whose random id stands in an address; answer 404 for any other text."""
    try:
        public_id = bytes.fromhex(reference)
    except ValueError:
        abort(404)
    named = (Organiser.public_id == public_id) & Organiser.active
    return db.session.scalars(select(Organiser).where(named)).one_or_none() or abort(404)


def _invited(token: str) -> Organiser:
    invited = accounts.find_invited(token)
    if invited is None:
        abort(_private("organisers/invitation_over.html", 410))
    language.speak(invited.language)
    return invited


def _people(form: SiteInvitationForm, status: int = 200, *, last_owner: bool = False) -> Response:
    active = db.session.scalars(select(Organiser).where(Organiser.active).order_by(Organiser.id)).all()
    return _private("organisers/people.html", status, people=active, form=form, last_owner=last_owner)


def _private(template: str, status: int = 200, **context: object) -> Response:
    return headers.keep_nowhere(make_response(render_template(template, **context), status))
