"""Organisers' own pages: their petitions, joining, their account."""

from flask import Blueprint, abort, flash, redirect, url_for
from flask_babel import gettext as _
from flask_security import login_user, logout_user
from flask_security.proxies import _datastore
from sqlalchemy import delete, select
from werkzeug import Response

from app import clock
from app.db import db, transaction
from app.models import Membership, Organiser, Petition, SignIn
from app.models.locking import lock_organiser
from app.organisers import accounts, members
from app.organisers.access import Who, lacks_second_step, me, must_add_second_step, open_to, petition_here
from app.organisers.forms import JoinForm, LanguageForm, NameForm, OrganiserForm
from app.organisers.offers import offers
from app.petitions import page
from app.web import language
from app.web.answers import private_page

bp = Blueprint("organisers", __name__, url_prefix="/organise")


@bp.get("")
@open_to(Who.ORGANISERS)
def home() -> Response:
    """List this organiser's petitions and offered roles; administrators see all petitions."""
    is_member = (Membership.petition_id == Petition.id) & (Membership.organiser_id == me().id)
    is_member &= Membership.invited_until.is_(None)
    listed = select(Petition, Membership).outerjoin(Membership, is_member).order_by(Petition.id.desc())
    listed = listed.where(Petition.deleted_at.is_(None))
    if not me().is_administrator:
        listed = listed.where(Membership.role.is_not(None))
    now = clock.now()
    rows = db.session.execute(listed)
    with_role = [(petition, member and member.genuine_role(petition, me())) for petition, member in rows]
    listed_petitions = [(petition, role) for petition, role in with_role if role or me().is_administrator]
    titles = page.newest_titles([petition for petition, _ in listed_petitions])
    progress = page.progress_of([petition for petition, _ in listed_petitions])
    petitions = [
        (petition, role, titles[petition.id], progress[petition.id], petition.standing(now))
        for petition, role in listed_petitions
    ]
    lacking = lacks_second_step()
    offered = offers(db.session(), me(), now)
    return private_page("organisers/home.html", petitions=petitions, offers=offered, lacks_second_step=lacking)


@bp.post("/petitions/<slug:slug>/<any(accept,decline):answer>")
@open_to(Who.INVITED)
def answer_offer(slug: str, answer: str) -> Response:
    """Accept or decline an offered role."""
    with transaction() as session:
        if answer == "accept":
            members.accept(session, petition_here().id, me().id, clock.now())
        else:
            members.decline(session, petition_here().id, me().id)
    flash(
        _("You work on this petition now.") if answer == "accept" else _("You have declined the invitation."), "success"
    )
    return redirect(url_for(".home"), 303)


@bp.get("/invitation/<token>")
@open_to(Who.EVERYBODY)
def invitation(token: str) -> Response:
    """Show an invited organiser the form to join."""
    invited = _invited_organiser(token)
    return _join_page(invited, JoinForm(invited))


@bp.post("/invitation/<token>")
@open_to(Who.EVERYBODY)
def join(token: str) -> Response:
    """Let an invited organiser join with a password, or redirect to make a passkey."""
    invited = _invited_organiser(token)
    form = JoinForm(invited)
    if not form.validate():
        return _join_page(invited, form, 422)
    with_password = bool(form.way.data)
    joined = accounts.join(invited, form.password.data if with_password else None)
    if joined is None:
        return _invitation_over_page()
    logout_user()  # somebody else may be signed in with this browser
    login_user(joined, authn_via=["invitation"])
    if not with_password:  # the passkey is made first; until it is there, the link goes on working
        flash(_("Nearly done: make your passkey now. Until you have one, the link in our e-mail works again."), "info")
        return redirect(url_for("security.wan_register"), 303)
    flash(_("Welcome! Your account is ready."), "success")
    return redirect(url_for(".home"), 303)


@bp.get("/account")
@open_to(Who.ORGANISERS)
def account() -> Response:
    """Show the account page: language, ways to sign in, and their changes."""
    return _account_page(LanguageForm(language=me().language))


@bp.post("/account/language")
@open_to(Who.ORGANISERS)
def change_language() -> Response:
    """Set the language of pages and e-mails for this organiser."""
    form = LanguageForm()
    if not form.validate():
        return _account_page(form, 422)
    with transaction() as session:
        lock_organiser(session, me().id).language = form.language.data
    with language.force_language(form.language.data):
        flash(_("These pages and our e-mails now speak English to you."), "info")
    return redirect(url_for(".account"), 303)


@bp.post("/account/sign-out-everywhere")
@open_to(Who.ORGANISERS)
def sign_out_everywhere() -> Response:
    """End every session of this organiser, this one too."""
    with transaction() as session:
        _datastore.set_uniquifier(lock_organiser(session, me().id))
        session.execute(delete(SignIn).where(SignIn.organiser_id == me().id))
    logout_user()
    flash(_("You are signed out everywhere."), "info")
    return redirect(url_for("security.login"), 303)


@bp.get("/account/end")
@open_to(Who.ORGANISERS, fresh=True)
def ask_to_end_account() -> Response:
    """Ask to confirm that this account shall end."""
    return private_page("organisers/end_account.html", form=OrganiserForm())


@bp.post("/account/end")
@open_to(Who.ORGANISERS, fresh=True)
def end_account() -> Response:
    """Erase this account, unless it is a last owner or the last administrator."""
    organiser = me()
    try:
        members.end_account(organiser.id, organiser)
    except members.LastOwner as last:
        petition = db.session.get(Petition, last.petition_id) if last.petition_id else None
        return private_page(
            "organisers/end_account.html",
            409,
            form=OrganiserForm(),
            last_owner=True,
            petition=petition,
            title=page.newest_title(petition) if petition else "",
        )
    logout_user()
    flash(_("Your account is erased."), "info")
    return redirect(url_for("security.login"), 303)


@bp.post("/account/name")
@open_to(Who.ORGANISERS)
def change_name() -> Response:
    """Set the name that other organisers see."""
    form = NameForm()
    if not form.validate():
        return _account_page(LanguageForm(formdata=None, language=me().language), 422, name_form=form)
    with transaction() as session:
        lock_organiser(session, me().id).name = form.name.data
    flash(_("Saved."), "success")
    return redirect(url_for(".account"), 303)


def _account_page(form: LanguageForm, status: int = 200, *, name_form: NameForm | None = None) -> Response:
    return private_page(
        "organisers/account.html",
        status,
        form=form,
        name_form=name_form or NameForm(formdata=None, data={"name": me().name}),
        organiser=me(),
        must_add_second_step=must_add_second_step(),
    )


def _join_page(invited: Organiser, form: JoinForm, status: int = 200) -> Response:
    offered = offers(db.session(), invited, clock.now())
    return private_page("organisers/join.html", status, form=form, email=invited.email, offers=offered)


def _invited_organiser(token: str) -> Organiser:
    invited = accounts.find_invited(token)
    if invited is None:
        abort(_invitation_over_page())
    language.set_language(invited.language)
    return invited


def _invitation_over_page() -> Response:
    return private_page("organisers/invitation_over.html", 410)
