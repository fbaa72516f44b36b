"""Who may do what: every page of organisers says whom it is open to, and nobody else gets in.

Strangers to a petition are told that there is no such page, so that they do not learn which petitions are prepared.
"""

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from functools import wraps
from typing import Any, TypeVar

from flask import abort, g, request
from flask_security import auth_required, current_user
from flask_security.utils import check_and_update_authn_fresh
from sqlalchemy import select

from app import clock
from app.db import db
from app.models import Membership, Organiser, Petition, Role
from app.web.csrf import SAFE_METHODS

View = TypeVar("View", bound=Callable[..., Any])
FRESH_MINUTES = 15
GRACE_MINUTES = 5  # for a form that was opened in time
NEVER_ASK_AGAIN = -1


class Who(StrEnum):
    """Whom a page is open to. Of a petition's people each includes those below it in this list."""

    EVERYBODY = "everybody"
    HALF_SIGNED_IN = "half signed in"  # gave the first factor, owes the second
    ORGANISERS = "organisers"
    ADMINISTRATORS = "administrators"
    INVITED = "invited"  # asked to work on a petition, and yet to answer
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
    """Mark and guard a view: who may see it, and with `fresh`, that they signed in or did so again a short while ago.

    A view of one petition takes `slug`, and finds it by `petition_here`. Who is not signed in is sent to do so.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def checked(*arguments: Any, **named: Any) -> Any:
            if not _may(who, named.get("slug")):
                abort(404)
            return view(*arguments, **named)

        guarded: Any = view
        if who != Who.EVERYBODY:
            guarded = auth_required("session", within=within if fresh else NEVER_ASK_AGAIN, grace=0)(checked)
        guarded.open_to = who
        guarded.fresh = fresh
        return guarded  # type: ignore[no-any-return]

    return guard


def within() -> timedelta:
    """Return how long ago somebody may have signed in for what wants it fresh.

    A form may be sent a little later than its page is shown. The library's own grace would renew itself for ever.
    """
    return timedelta(minutes=FRESH_MINUTES if request.method in SAFE_METHODS else FRESH_MINUTES + GRACE_MINUTES)


def is_fresh() -> bool:
    """Return whether who is here signed in `within` the time that such a page asks for."""
    return bool(check_and_update_authn_fresh(within(), timedelta()))


def me() -> Organiser:
    """Return the organiser who is signed in."""
    organiser: Organiser = current_user._get_current_object()  # noqa: SLF001 - how a proxy gives what it stands for
    return organiser


def petition_here() -> Petition:
    """Return the petition that the page is about, as the guard found it."""
    petition: Petition = g.petition
    return petition


def may(who: Who) -> bool:
    """Return whether the present organiser is among `who` for the petition that the page is about."""
    return g.get("role") in ENOUGH[who] or (who == Who.ROLE_GIVERS and me().is_administrator)


def _may(who: Who, slug: str | None) -> bool:
    organiser = me()
    if slug is None:
        return who == Who.ORGANISERS or (who == Who.ADMINISTRATORS and organiser.is_administrator)
    mine = (Membership.petition_id == Petition.id) & (Membership.organiser_id == organiser.id)
    here = select(Petition, Membership).outerjoin(Membership, mine).where(Petition.slug == slug)
    found = db.session.execute(here).first()
    if found is None:
        return False
    g.petition, member = found
    g.role = member.role if member and not member.invited_until else None
    if who == Who.INVITED:
        return bool(member and member.invited_until and member.invited_until > clock.now())
    return may(who)
