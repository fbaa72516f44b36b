"""A petition's members and its audit log."""

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug import Response

from app.audit import log as audit_log
from app.audit import words as audit_words
from app.db import db
from app.models import AlteredAccount, Membership, Organiser, Role
from app.organisers import accounts, members
from app.organisers.access import Who, me, open_to, petition_here
from app.organisers.forms import TOO_MANY_INVITATIONS, InvitationForm, RoleForm
from app.organisers.pages import petition_page
from app.web import rate_limits
from app.web.rate_limits import Action

bp = Blueprint("members", __name__, url_prefix="/organise/petitions/<slug:slug>")


@bp.get("/members")
@open_to(Who.ROLE_GIVERS, fresh=True)
def show_members(slug: str) -> Response:
    """List the petition's members and their roles."""
    return _members(InvitationForm(), last_owner="last_owner" in request.args)


@bp.post("/members")
@open_to(Who.ROLE_GIVERS, fresh=True)
def invite(slug: str) -> Response:
    """Invite somebody to the petition."""
    form = InvitationForm()
    if not form.validate():
        return _members(form, 422)
    if rate_limits.hit_one(Action.INVITE, me().public_id):
        form.form_errors.append(TOO_MANY_INVITATIONS)
        return _members(form, 429)
    try:
        accounts.invite(
            form.email.address(), petition_here(), Role(form.role.data), inviter=me(), language=me().language
        )
    except members.LastOwner:
        return _members(form, 409, last_owner=True)
    flash(_("The invitation is on its way."), "info")
    return redirect(url_for(".show_members", slug=slug), 303)


@bp.post("/members/<member>/role")
@open_to(Who.ROLE_GIVERS, fresh=True)
def change_role(slug: str, member: str) -> Response:
    """Change a member's role."""
    organiser = accounts.find_by_reference(member) or abort(404)
    form = RoleForm()
    if not form.validate():
        return _members(InvitationForm(), 422)
    try:
        members.change_role(petition_here(), organiser.id, Role(form.role.data), me())
    except members.LastOwner:
        return _members(InvitationForm(), 409, last_owner=True)
    except AlteredAccount:
        return _members(InvitationForm(), 409)
    flash(_("The role is changed."), "success")
    return redirect(url_for(".show_members", slug=slug), 303)


@bp.post("/members/<member>/remove")
@open_to(Who.ROLE_GIVERS, fresh=True)
def remove(slug: str, member: str) -> Response:
    """Remove a member from the petition."""
    organiser = accounts.find_by_reference(member) or abort(404)
    try:
        members.remove_member(petition_here(), organiser.id, me())
    except members.LastOwner:
        return _members(InvitationForm(), 409, last_owner=True)
    flash(_("The person is no longer a member of this petition."), "success")
    return redirect(url_for(".show_members", slug=slug), 303)


@bp.post("/leave")
@open_to(Who.VIEWERS)
def leave(slug: str) -> Response:
    """Remove the signed-in organiser from the petition."""
    try:
        members.leave(petition_here(), me())
    except members.LastOwner:
        return redirect(url_for(".show_members", slug=slug, last_owner=1), 303)
    flash(_("You have left the petition."), "success")
    return redirect(url_for("organisers.home"), 303)


@bp.get("/log")
@open_to(Who.OWNERS)
def log(slug: str) -> Response:
    """Show a page of the petition's audit log, newest first."""
    entries = audit_log.entries(petition_here().id, before=request.args.get("before", type=int))
    older = entries[-1].id if len(entries) == audit_log.PAGE_SIZE else None
    return petition_page("organisers/log.html", "log", entries=entries, older=older, words=audit_words)


def _members(form: InvitationForm, status: int = 200, *, last_owner: bool = False) -> Response:
    of_petition = Membership.petition_id == petition_here().id
    listed = select(Organiser, Membership).join(Membership, Membership.organiser_id == Organiser.id)
    rows = db.session.execute(listed.where(of_petition, Organiser.active)).all()
    # Whoever is put into the database as a member is not one whose address the others may see.
    shown = [
        (one, member, member.address(one) if member.genuine_role(petition_here(), one) else "") for one, member in rows
    ]
    # Sorted by address: the order of the accounts would tell which of the invited people had one before.
    shown.sort(key=lambda row: row[2].casefold())
    return petition_page("organisers/members.html", "members", status, members=shown, form=form, last_owner=last_owner)
