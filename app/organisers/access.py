"""Who may do what: every page of organisers says whom it is open to, and nobody else gets in.

Strangers to a petition are told that there is no such page, so that they do not learn which petitions are prepared.
"""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any, TypeVar

from flask import abort, g
from flask_security import auth_required, current_user
from sqlalchemy import select

from app.db import db
from app.models import Membership, Organiser, Petition, Role

View = TypeVar("View", bound=Callable[..., Any])
FRESH_MINUTES = 15
GRACE_MINUTES = 5
NEVER_ASK_AGAIN = -1


class Who(StrEnum):
    """Whom a page is open to. Of a petition's people each includes those below it in this list."""

    EVERYBODY = "everybody"
    ORGANISERS = "organisers"
    ADMINISTRATORS = "administrators"
    VIEWERS = "viewers"
    EDITORS = "editors"
    OWNERS = "owners"
    ROLE_GIVERS = "role givers"  # owners, and the site's administrators


ENOUGH = {
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

        within = FRESH_MINUTES if fresh else NEVER_ASK_AGAIN
        guarded: Any = view
        if who != Who.EVERYBODY:
            guarded = auth_required("session", within=within, grace=GRACE_MINUTES)(checked)
        guarded.open_to = who
        guarded.fresh = fresh
        return guarded  # type: ignore[no-any-return]

    return guard


def me() -> Organiser:
    """Return the organiser who is signed in."""
    organiser: Organiser = current_user._get_current_object()  # noqa: SLF001 - how a proxy gives what it stands for
    return organiser


def petition_here() -> Petition:
    """Return the petition that the page is about, as the guard found it."""
    petition: Petition = g.petition
    return petition


def may(who: Who) -> bool:
    """Tell whether the present organiser is among `who` for the petition that the page is about."""
    return g.get("role") in ENOUGH[who] or (who == Who.ROLE_GIVERS and me().is_administrator)


def _may(who: Who, slug: str | None) -> bool:
    organiser = me()
    if slug is None:
        return who == Who.ORGANISERS or (who == Who.ADMINISTRATORS and organiser.is_administrator)
    mine = (Membership.petition_id == Petition.id) & (Membership.organiser_id == organiser.id)
    found = db.session.execute(
        select(Petition, Membership.role).outerjoin(Membership, mine).where(Petition.slug == slug)
    ).first()
    if found is None:
        return False
    g.petition, g.role = found
    return may(who)
