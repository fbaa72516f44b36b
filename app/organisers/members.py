"""Members: who is what to a petition and to the site, and that somebody is left to answer for each."""

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.audit.log import record
from app.db import insert, transaction
from app.models import Act, Membership, Organiser, Petition, Role


class LastOwner(Exception):
    """Nobody would be left who answers for the petition with this id, or, without one, for the site."""

    def __init__(self, petition_id: int | None = None) -> None:
        super().__init__()
        self.petition_id = petition_id


def lock_petition(session: Session, petition_id: int) -> None:
    """Let nobody else change who is what to the petition until this transaction ends; take it before any organiser.

    So two owners who leave at once cannot each see the other still there. Signing is not held up: it needs no more than
    that the petition stays (FOR NO KEY UPDATE, PostgreSQL).
    """
    session.execute(select(Petition.id).where(Petition.id == petition_id).with_for_update(key_share=True))


def give_role(session: Session, petition_id: int, organiser_id: int, role: Role) -> None:
    """Make somebody a member of the petition, or another kind of member, in a transaction that holds the petition.

    Raises LastOwner where nobody who has joined would be left to answer for it.
    """
    was_owner = _is_joined_owner(session, petition_id, organiser_id)
    given = insert(Membership).values(petition_id=petition_id, organiser_id=organiser_id, role=role)
    keys = ["petition_id", "organiser_id"]
    session.execute(given.on_conflict_do_update(index_elements=keys, set_={"role": role}))
    _keep_an_owner(session, petition_id, was_owner=was_owner)


def offer_role(
    session: Session, petition_id: int, organiser: Organiser, role: Role, address: str, until: datetime | None
) -> bool:
    """Give a role that waits to be accepted `until` then, or at once; return whether it waits.

    The transaction holds the petition. Who is a member already stays one, and becomes what the role says.
    """
    key = (petition_id, organiser.id)
    member = session.get(Membership, key, populate_existing=True)
    was_in = member is not None and member.invited_until is None
    give_role(session, petition_id, organiser.id, role)
    member = session.get_one(Membership, key, populate_existing=True)
    if until is None:
        member.accept()
    elif not was_in:
        member.invite(organiser, address, until)
    return member.invited_until is not None


def accept(session: Session, petition_id: int, organiser_id: int, now: datetime) -> bool:
    """Take the role that was offered; return whether there is one, and still on offer. The caller commits."""
    lock_petition(session, petition_id)
    member = session.get(Membership, (petition_id, organiser_id), with_for_update=True, populate_existing=True)
    if member is None or member.invited_until is None or member.invited_until <= now:
        return False
    member.accept()
    record(session, Act.JOINED, petition_id, organiser_id, organiser_id)
    return True


def decline(session: Session, petition_id: int, organiser_id: int) -> bool:
    """Refuse the role that was offered; return whether there was one. The caller commits."""
    lock_petition(session, petition_id)
    member = session.get(Membership, (petition_id, organiser_id), with_for_update=True, populate_existing=True)
    if member is None or member.invited_until is None:
        return False
    session.delete(member)
    record(session, Act.LEFT, petition_id, organiser_id, organiser_id, because="declined")
    return True


def offers(organiser_id: int, now: datetime) -> Select[Petition, Role]:
    """Return the statement that finds the petitions on which an organiser is asked to work, and as what."""
    mine = (Membership.organiser_id == organiser_id) & (Membership.invited_until > now)
    joined = select(Petition, Membership.role).join(Membership, Membership.petition_id == Petition.id)
    return joined.where(mine).order_by(Petition.id.desc())


def change_role(petition: Petition, organiser_id: int, role: Role, by: Organiser) -> None:
    """Make a member of the petition something else; raise LastOwner where nobody would be left to answer for it."""
    with transaction() as session:
        lock_petition(session, petition.id)
        member = session.get(Membership, (petition.id, organiser_id), populate_existing=True)
        if member is not None and member.role != role:
            give_role(session, petition.id, organiser_id, role)
            record(session, Act.ROLE, petition.id, by.id, organiser_id, role=role.value)


def remove_member(petition: Petition, organiser_id: int, by: Organiser) -> None:
    """End what somebody is to a petition; raise LastOwner where nobody would be left to answer for it."""
    with transaction() as session:
        _leave(session, petition.id, organiser_id, by)


def set_administrator(organiser_id: int, by: Organiser, *, to: bool) -> None:
    """Make somebody an administrator of the site, or no longer one; raise LastOwner for the last one."""
    with transaction() as session:
        _lock_administrators(session)
        organiser = session.get_one(Organiser, organiser_id, populate_existing=True)
        if organiser.is_administrator == to or not organiser.active:
            return
        organiser.is_administrator = to
        record(session, Act.APPOINTED if to else Act.DISMISSED, None, by.id, organiser_id)
        if organiser.joined_at:
            _keep_an_administrator(session)


def end_account(organiser_id: int, by: Organiser) -> None:
    """Erase an account with all its roles; raise LastOwner where a petition or the site would be left alone."""
    with transaction() as session:
        _lock_administrators(session)
        for petition_id in session.scalars(petitions_of(organiser_id)).all():
            _leave(session, petition_id, organiser_id, by)
        organiser = session.get_one(
            Organiser, organiser_id, with_for_update={"key_share": True}, populate_existing=True
        )
        was_administrator = organiser.is_administrator and organiser.joined_at is not None
        organiser.erase()
        record(session, Act.LEFT, None, by.id, organiser_id)
        if was_administrator:
            _keep_an_administrator(session)


def petitions_of(organiser_id: int) -> Select[int]:
    """Return the statement that finds the ids of an organiser's petitions, the lowest first."""
    return (
        select(Membership.petition_id).where(Membership.organiser_id == organiser_id).order_by(Membership.petition_id)
    )


def _leave(session: Session, petition_id: int, organiser_id: int, by: Organiser) -> None:
    lock_petition(session, petition_id)
    was_owner = _is_joined_owner(session, petition_id, organiser_id)
    member = session.get(Membership, (petition_id, organiser_id), populate_existing=True)
    if member is not None:
        session.delete(member)
        record(session, Act.LEFT, petition_id, by.id, organiser_id)
        _keep_an_owner(session, petition_id, was_owner=was_owner)


def _is_joined_owner(session: Session, petition_id: int, organiser_id: int) -> bool:
    mine = Membership.organiser_id == organiser_id
    return session.scalars(_joined_owners(petition_id).where(mine)).first() is not None


def _keep_an_owner(session: Session, petition_id: int, *, was_owner: bool) -> None:
    session.flush()
    if was_owner and session.scalars(_joined_owners(petition_id)).first() is None:
        raise LastOwner(petition_id)


def _joined_owners(petition_id: int) -> Select[int]:
    joined = select(Membership.organiser_id).join(Organiser, Organiser.id == Membership.organiser_id)
    return joined.where(
        Membership.petition_id == petition_id,
        Membership.role == Role.OWNER,
        Membership.invited_until.is_(None),
        Organiser.joined_at.is_not(None),
        Organiser.active,
    )


def _lock_administrators(session: Session) -> None:
    held = select(Organiser.id).where(Organiser.is_administrator).order_by(Organiser.id)
    session.scalars(held.with_for_update(key_share=True)).all()


def _keep_an_administrator(session: Session) -> None:
    session.flush()
    joined = Organiser.is_administrator & Organiser.joined_at.is_not(None)
    if session.scalars(select(Organiser.id).where(joined)).first() is None:
        raise LastOwner
