"""The site's accounts, for its administrators."""

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug import Response

from app.audit import log as audit_log
from app.audit import words as audit_words
from app.db import db
from app.models import AlteredAccount, Organiser
from app.organisers import accounts, members
from app.organisers.access import Who, me, open_to
from app.organisers.forms import TOO_MANY_INVITATIONS, OrganiserAddressForm, OrganiserForm
from app.web import rate_limits
from app.web.answers import private_page
from app.web.rate_limits import Action

bp = Blueprint("people", __name__, url_prefix="/organise/people")


@bp.get("")
@open_to(Who.ADMINISTRATORS, fresh=True)
def people() -> Response:
    """List all accounts and invitations."""
    return _people(OrganiserAddressForm())


@bp.post("")
@open_to(Who.ADMINISTRATORS, fresh=True)
def invite() -> Response:
    """Invite somebody to the site."""
    form = OrganiserAddressForm()
    if not form.validate():
        return _people(form, 422)
    if rate_limits.hit_one(Action.INVITE, me().public_id):
        form.form_errors.append(TOO_MANY_INVITATIONS)
        return _people(form, 429)
    accounts.invite(form.email.address(), inviter=me(), language=me().language)
    flash(_("Whoever has no account yet gets an invitation by e-mail."), "info")
    return redirect(url_for(".people"), 303)


@bp.get("/log")
@open_to(Who.ADMINISTRATORS)
def site_log() -> Response:
    """Show what was done to accounts, and which drafts were deleted, newest first."""
    entries = audit_log.site_entries(before=request.args.get("before", type=int))
    older = entries[-1].id if len(entries) == audit_log.PAGE_SIZE else None
    return private_page("organisers/site_log.html", entries=entries, older=older, words=audit_words)


@bp.get("/<member>")
@open_to(Who.ADMINISTRATORS, fresh=True)
def person(member: str) -> Response:
    """Show an account, with what an administrator can do."""
    organiser = accounts.find_by_reference(member) or abort(404)
    return private_page("organisers/person.html", person=organiser, form=OrganiserForm())


@bp.post("/<member>/<any(appoint,dismiss,entitle,disentitle):what>")
@open_to(Who.ADMINISTRATORS, fresh=True)
def change_person(member: str, what: str) -> Response:
    """Appoint or dismiss an administrator, give or take the right to open petitions."""
    organiser = accounts.find_by_reference(member) or abort(404)
    try:
        if what in {"entitle", "disentitle"}:
            members.set_may_open(organiser.id, me(), to=what == "entitle")
        else:
            members.set_administrator(organiser.id, me(), to=what == "appoint")
    except members.LastOwner:
        return private_page("organisers/person.html", 409, person=organiser, form=OrganiserForm(), last_owner=True)
    except AlteredAccount:
        return private_page("organisers/person.html", 409, person=organiser, form=OrganiserForm())
    return redirect(url_for(".people"), 303)


@bp.get("/<member>/end")
@open_to(Who.ADMINISTRATORS, fresh=True)
def ask_to_end(member: str) -> Response:
    """Ask whether to end somebody's account."""
    return _end_page(accounts.find_by_reference(member) or abort(404))


@bp.post("/<member>/end")
@open_to(Who.ADMINISTRATORS, fresh=True)
def end(member: str) -> Response:
    """Erase somebody's account, unless it is a last owner or the last administrator."""
    organiser = accounts.find_by_reference(member) or abort(404)
    try:
        members.end_account(organiser.id, me())
    except members.LastOwner:
        return _end_page(organiser, 409, last_owner=True)
    except AlteredAccount:
        return _end_page(organiser, 409)
    return redirect(url_for(".people"), 303)


def _end_page(person: Organiser, status: int = 200, *, last_owner: bool = False) -> Response:
    form = OrganiserForm(formdata=None)
    return private_page("organisers/end_person.html", status, person=person, form=form, last_owner=last_owner)


def _people(form: OrganiserAddressForm, status: int = 200) -> Response:
    active = db.session.scalars(select(Organiser).where(Organiser.active).order_by(Organiser.id)).all()
    return private_page("organisers/people.html", status, people=active, form=form)
