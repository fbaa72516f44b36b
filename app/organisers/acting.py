"""Acting for a petition: whether the organiser may is asked in the transaction that acts, under the petition's lock.

The guard of a page (app/organisers/access.py) has asked before. But a request may then wait, and whoever held the lock
may have removed this organiser or given them another role.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from app.db import transaction
from app.models import Membership, Organiser, Petition, Role
from app.organisers.access import ENOUGH, Who


class NotTheirs(NotFound):
    """The organiser may not do this, or not any more. It is answered as the guard answers."""


@contextmanager
def acting(petition_id: int, organiser_id: int | None, who: Who) -> Iterator[tuple[Session, Petition]]:
    """Give a transaction for an act on a petition by one of `who`, and the petition as `lock_petition_for` does."""
    with transaction() as session:
        yield session, lock_petition_for(session, petition_id, organiser_id, who)


def lock_petition_for(session: Session, petition_id: int, organiser_id: int | None, who: Who) -> Petition:
    """Lock a petition until the transaction ends, and return it as it is now. Call this before locking anything else.

    The lock is that of `lock_petition`. `organiser_id` is None for a command. Raises NotTheirs if there is no such
    petition, or if the organiser's account and role, as they are now, are not enough.
    """
    petition = session.get(Petition, petition_id, with_for_update={"key_share": True}, populate_existing=True)
    if petition is None or petition.deleted_at:
        raise NotTheirs
    if organiser_id is not None and not _may(session, petition, organiser_id, who):
        raise NotTheirs
    return petition


def role_now(session: Session, petition: Petition, organiser_id: int) -> Role | None:
    """Return the organiser's role in a petition that this transaction has locked; None if it is not accepted."""
    organiser = session.get(Organiser, organiser_id, populate_existing=True)
    member = session.get(Membership, (petition.id, organiser_id), populate_existing=True)
    if organiser is None or member is None or member.invited_until is not None or not _is_open(organiser):
        return None
    return member.genuine_role(petition, organiser)


def is_administrator_now(session: Session, organiser_id: int) -> bool:
    """Return whether the organiser administrates the site, as the database says now."""
    organiser = session.get(Organiser, organiser_id, populate_existing=True)
    return organiser is not None and organiser.is_administrator and _is_open(organiser)


def _may(session: Session, petition: Petition, organiser_id: int, who: Who) -> bool:
    if role_now(session, petition, organiser_id) in ENOUGH[who]:
        return True
    return who == Who.ROLE_GIVERS and petition.is_genuine and is_administrator_now(session, organiser_id)


def _is_open(organiser: Organiser) -> bool:
    return organiser.active and organiser.is_genuine
