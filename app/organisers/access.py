"""Access control: every organisers' page declares whom it is open to, and nobody else gets in.

Others get a 404, so that they do not learn which petitions are being prepared.
"""

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from functools import wraps
from typing import Any, TypeVar

from flask import abort, current_app, g, request
from flask_security import auth_required, current_user
from flask_security.utils import check_and_update_authn_fresh
from sqlalchemy import exists, select

from app import clock
from app.db import db
from app.models import Membership, Organiser, Petition, Role
from app.web.csrf import SAFE_METHODS

View = TypeVar("View", bound=Callable[..., Any])
FRESH_MINUTES = 15
GRACE_MINUTES = 5  # more for sending a form that was opened in time
NEVER_ASK_AGAIN = -1


class Who(StrEnum):
    """Whom a page is open to. Viewers includes editors, editors includes owners."""

    EVERYBODY = "everybody"
    HALF_SIGNED_IN = "half signed in"  # has given the first factor, not yet the second
    ORGANISERS = "organisers"
    ADMINISTRATORS = "administrators"
    INVITED = "invited"  # invited to a petition, has not answered yet
    VIEWERS = "viewers"
    EDITORS = "editors"
    OWNERS = "owners"
    ROLE_GIVERS = "role givers"  # owners, and the site's administrators


ENOUGH: dict[Who, set[Role]] = {
    Who.INVITED: set(),
    Who.VIEWERS: {Role.VIEWER, Role.EDITOR, Role.OWNER},
    Who.EDITORS: {Role.EDITOR, Role.OWNER},
    Who.OWNERS: {Role.OWNER},
    Who.ROLE_GIVERS: {Role.OWNER},
}


def open_to(who: Who, *, fresh: bool = False) -> Callable[[View], View]:
    """Return a decorator that lets only `who` see a view; `fresh` also requires a recent sign-in.

    A view of one petition takes `slug`, and gets the petition by `petition_here`. Strangers are redirected to sign in.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def checked(*arguments: Any, **keywords: Any) -> Any:
            if not _may_open(who, keywords.get("slug")):
                abort(404)
            return view(*arguments, **keywords)

        guarded: Any = view
        if who != Who.EVERYBODY:
            guarded = auth_required("session", within=within if fresh else NEVER_ASK_AGAIN, grace=0)(checked)
        guarded.open_to = who
        guarded.fresh = fresh
        return guarded  # type: ignore[no-any-return]

    return guard


def within() -> timedelta:
    """Return the maximum age of a sign-in for pages that need a fresh one.

    A form may be sent a little later than its page is shown. Flask-Security's own grace period would renew for ever.
    """
    return timedelta(minutes=FRESH_MINUTES if request.method in SAFE_METHODS else FRESH_MINUTES + GRACE_MINUTES)


def is_fresh() -> bool:
    """Return whether the organiser's sign-in is recent enough, as by `within`."""
    return bool(check_and_update_authn_fresh(within(), timedelta()))


def me() -> Organiser:
    """Return the signed-in organiser."""
    organiser: Organiser = current_user._get_current_object()  # noqa: SLF001 - a proxy gives its object only so
    return organiser


def lacks_second_step() -> bool:
    """Return whether the signed-in organiser is asked to add a second step: an owner or administrator without one."""
    organiser = me()
    if organiser.has_second_step:
        return False
    owned = (Membership.organiser_id == organiser.id) & (Membership.role == Role.OWNER)
    owns = exists().where(owned, Membership.invited_until.is_(None))
    return organiser.is_administrator or bool(db.session.scalar(select(owns)))


def must_add_second_step() -> bool:
    """Return whether this site lets the signed-in organiser do nothing else before they add a second step."""
    return current_app.config["REQUIRE_SECOND_STEP"] and lacks_second_step()


def petition_here() -> Petition:
    """Return the petition of this page, which the guard has loaded."""
    petition: Petition = g.petition
    return petition


def may(who: Who) -> bool:
    """Return whether the signed-in organiser is one of `who` for this page's petition."""
    return g.get("role") in ENOUGH[who] or (who == Who.ROLE_GIVERS and me().is_administrator)


def _may_open(who: Who, slug: str | None) -> bool:
    organiser = me()
    if slug is None:
        return who == Who.ORGANISERS or (who == Who.ADMINISTRATORS and organiser.is_administrator)
    own = (Membership.petition_id == Petition.id) & (Membership.organiser_id == organiser.id)
    query = select(Petition, Membership).outerjoin(Membership, own).where(Petition.slug == slug)
    found = db.session.execute(query).first()
    if found is None or found[0].deleted_at:
        return False
    g.petition, member = found
    role = member.genuine_role(g.petition, organiser) if member else None
    g.role = role if member and not member.invited_until else None
    if who == Who.INVITED:
        return bool(role and member.invited_until and member.invited_until > clock.now())
    return may(who)
