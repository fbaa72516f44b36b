"""Members: roles in petitions, and administrators; each petition and the site keep at least one owner."""

from datetime import datetime

from sqlalchemy import Select, case, delete, select
from sqlalchemy.orm import Session

from app.audit.log import record
from app.db import insert, transaction
from app.models import Act, AlteredAccount, Change, Membership, Organiser, Petition, Role
from app.models.journal import enter
from app.models.locking import lock_organiser
from app.organisers.access import Who
from app.organisers.acting import NotTheirs, acting, is_administrator_now


class LastOwner(Exception):
    """The petition with this id would have no owner left, or, without an id, the site no administrator."""

    def __init__(self, petition_id: int | None = None) -> None:
        super().__init__()
        self.petition_id = petition_id


def lock_petition(session: Session, petition_id: int) -> None:
    """Lock the petition's roles until this transaction ends; call this before locking organisers (lock order).

    So of two owners who leave at once, the second sees that the first has left. Signing does not wait: the lock is
    FOR NO KEY UPDATE on PostgreSQL.
    """
    session.execute(select(Petition.id).where(Petition.id == petition_id).with_for_update(key_share=True))


def give_role(session: Session, petition: Petition, organiser_id: int, role: Role) -> None:
    """Give a role in the petition, new or changed (upsert); the transaction must have locked the petition.

    Raises LastOwner if no owner who has joined would be left, and AlteredAccount or AlteredPetition for one that was
    altered in the database.
    """
    petition_id = petition.id
    was_owner = _is_joined_owner(session, petition_id, organiser_id)
    organiser = session.get_one(Organiser, organiser_id)
    if not organiser.is_genuine:
        raise AlteredAccount(organiser.public_id)
    new = Membership(petition, organiser, role)
    role_and_seal = {"role": role, "sealed_role": new.sealed_role}
    key = {"petition_id": petition_id, "organiser_id": organiser_id}
    given = insert(Membership).values(**key, **role_and_seal, role_since=new.role_since)
    since = case((Membership.role == role, Membership.role_since), else_=given.excluded.role_since)
    session.execute(given.on_conflict_do_update(index_elements=[*key], set_=role_and_seal | {"role_since": since}))
    _keep_an_owner(session, petition_id, was_owner=was_owner)


def offer_role(
    session: Session, petition: Petition, organiser: Organiser, role: Role, address: str, until: datetime | None
) -> bool:
    """Offer a role that can be accepted `until` then, or give it at once (None); return whether it must be accepted.

    The transaction must have locked the petition. An existing member gets the role at once.
    """
    key = (petition.id, organiser.id)
    member = session.get(Membership, key, populate_existing=True)
    was_in = member is not None and member.invited_until is None
    give_role(session, petition, organiser.id, role)
    member = session.get_one(Membership, key, populate_existing=True)
    if until is None:
        member.accept()
    elif not was_in:
        member.invite(organiser, address, until)
    return member.invited_until is not None


def accept(session: Session, petition_id: int, organiser_id: int, now: datetime) -> bool:
    """Accept an offered role; return whether there was one that is not expired. The caller commits."""
    lock_petition(session, petition_id)
    member = session.get(Membership, (petition_id, organiser_id), with_for_update=True, populate_existing=True)
    if member is None or member.invited_until is None or member.invited_until <= now:
        return False
    member.accept()
    record(session, Act.JOINED, petition_id, organiser_id, organiser_id)
    return True


def decline(session: Session, petition_id: int, organiser_id: int) -> bool:
    """Decline an offered role; return whether there was one. The caller commits."""
    lock_petition(session, petition_id)
    member = session.get(Membership, (petition_id, organiser_id), with_for_update=True, populate_existing=True)
    if member is None or member.invited_until is None:
        return False
    session.delete(member)
    record(session, Act.LEFT, petition_id, organiser_id, organiser_id, because="declined")
    return True


def change_role(petition: Petition, organiser_id: int, role: Role, actor: Organiser) -> None:
    """Change a member's role; raise LastOwner if no owner would be left."""
    with acting(petition.id, actor.id, Who.ROLE_GIVERS) as (session, petition):
        member = session.get(Membership, (petition.id, organiser_id), populate_existing=True)
        if member is not None and member.genuine_role(petition, session.get_one(Organiser, organiser_id)) != role:
            give_role(session, petition, organiser_id, role)
            record(session, Act.ROLE, petition.id, actor.id, organiser_id, role=role.value)


def remove_member(petition: Petition, organiser_id: int, actor: Organiser) -> None:
    """Remove a member from the petition; raise LastOwner if no owner would be left."""
    with acting(petition.id, actor.id, Who.ROLE_GIVERS) as (session, _locked):
        _leave(session, petition.id, organiser_id, actor)


def leave(petition: Petition, actor: Organiser) -> None:
    """Remove a member by their own wish; raise LastOwner if no owner would be left."""
    with acting(petition.id, actor.id, Who.VIEWERS) as (session, _locked):
        _leave(session, petition.id, actor.id, actor)


def set_administrator(organiser_id: int, actor: Organiser, *, to: bool) -> None:
    """Appoint or dismiss an administrator of the site; raise LastOwner for the last one."""
    with transaction() as session:
        lock_administrators(session, actor)
        organiser = lock_organiser(session, organiser_id)
        if organiser.is_administrator == to or not organiser.active:
            return
        organiser.is_administrator = to
        record(session, Act.APPOINTED if to else Act.DISMISSED, None, actor.id, organiser_id)
        if organiser.joined_at:
            _keep_an_administrator(session)


def set_may_open(organiser_id: int, actor: Organiser, *, to: bool) -> None:
    """Give an organiser the right to open petitions, or take it away."""
    with transaction() as session:
        lock_administrators(session, actor)
        organiser = lock_organiser(session, organiser_id)
        if organiser.may_open != to and organiser.active:
            organiser.may_open = to
            record(session, Act.ENTITLED if to else Act.DISENTITLED, None, actor.id, organiser_id)


def end_account(organiser_id: int, actor: Organiser) -> None:
    """Erase an account and its roles, as its owner or an administrator.

    Raises LastOwner if no owner of a petition or no administrator would be left.
    """
    with transaction() as session:
        petition_ids = session.scalars(petitions_of(organiser_id)).all()
        for petition_id in petition_ids:  # lock order: petitions before accounts
            lock_petition(session, petition_id)
        lock_administrators(session, actor if actor.id != organiser_id else None)
        for petition_id in petition_ids:
            _leave(session, petition_id, organiser_id, actor)
        organiser = lock_organiser(session, organiser_id)
        was_administrator = organiser.is_administrator and organiser.joined_at is not None
        organiser.erase()
        enter(session, Change.ACCOUNT, organiser.public_id)
        record(session, Act.LEFT, None, actor.id, organiser_id)
        if was_administrator:
            _keep_an_administrator(session)


def erase_again(public_id: bytes) -> bool:
    """Erase an account that had ended, with its roles, in a database that was restored from before it.

    Returns whether it was there. It may have been a petition's only owner then: `organiser invite` gives it another.
    """
    with transaction() as session:
        account = select(Organiser.id).where(Organiser.public_id == public_id, Organiser.active)
        organiser_id = session.scalars(account).one_or_none()
        if organiser_id is None:
            return False
        for petition_id in session.scalars(petitions_of(organiser_id)).all():  # lock order: petitions before accounts
            lock_petition(session, petition_id)
        session.execute(delete(Membership).where(Membership.organiser_id == organiser_id))
        lock_organiser(session, organiser_id).erase()
        record(session, Act.LEFT, None, None, organiser_id)
        enter(session, Change.ACCOUNT, public_id)
    return True


def petitions_of(organiser_id: int) -> Select[int]:
    """Return the statement for the ids of an organiser's petitions, in lock order."""
    return (
        select(Membership.petition_id).where(Membership.organiser_id == organiser_id).order_by(Membership.petition_id)
    )


def _leave(session: Session, petition_id: int, organiser_id: int, actor: Organiser) -> None:
    lock_petition(session, petition_id)
    was_owner = _is_joined_owner(session, petition_id, organiser_id)
    member = session.get(Membership, (petition_id, organiser_id), populate_existing=True)
    if member is not None:
        session.delete(member)
        record(session, Act.LEFT, petition_id, actor.id, organiser_id)
        _keep_an_owner(session, petition_id, was_owner=was_owner)


def _is_joined_owner(session: Session, petition_id: int, organiser_id: int) -> bool:
    return organiser_id in _joined_owners(session, petition_id)


def _keep_an_owner(session: Session, petition_id: int, *, was_owner: bool) -> None:
    session.flush()
    if was_owner and not _joined_owners(session, petition_id):
        raise LastOwner(petition_id)


def _joined_owners(session: Session, petition_id: int) -> set[int]:
    petition = session.get_one(Petition, petition_id)
    joined = select(Organiser, Membership).join(Membership, Membership.organiser_id == Organiser.id)
    owners = joined.where(
        Membership.petition_id == petition_id,
        Membership.role == Role.OWNER,
        Membership.invited_until.is_(None),
        Organiser.joined_at.is_not(None),
        Organiser.active,
    ).execution_options(populate_existing=True)
    rows = session.execute(owners).all()
    return {one.id for one, member in rows if one.is_genuine and member.genuine_role(petition, one)}


def lock_administrators(session: Session, actor: Organiser | None) -> None:
    """Lock the administrators' accounts until this transaction ends, after petitions and before other accounts.

    Raises NotTheirs for an `actor` who is none of them, or not any more; None acts for themselves.
    """
    administrators = select(Organiser.id).where(Organiser.is_administrator).order_by(Organiser.id)
    session.scalars(administrators.with_for_update(key_share=True)).all()
    if actor is not None and not is_administrator_now(session, actor.id):
        raise NotTheirs


def _keep_an_administrator(session: Session) -> None:
    session.flush()
    joined = Organiser.is_administrator & Organiser.joined_at.is_not(None)
    if not any(one.is_genuine for one in session.scalars(select(Organiser).where(joined))):
        raise LastOwner
