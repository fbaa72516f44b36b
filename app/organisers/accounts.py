"""Accounts: found by mailbox, invited by letter, joined from the link in it, erased when they end."""

from datetime import datetime, timedelta
from typing import Any

from flask_security.proxies import _security as security
from flask_security.utils import hash_password
from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.orm import Session

from app import clock
from app.audit.log import record
from app.crypto import tokens
from app.db import db, insert, transaction
from app.email.address import canonical, deliverable
from app.models import Act, Membership, Organiser, Petition, Role, Site
from app.models.site import mailbox_hash
from app.organisers.letter import queue_rendered_letter
from app.organisers.members import accept, lock_petition, offer_role, petitions_of
from app.petitions.page import newest_title
from app.web.absolute_url import absolute_url
from app.web.language import site_language

INVITATION_TTL = timedelta(days=7)


def find_account(session: Session, address: str) -> Organiser | None:
    """Return the account of the mailbox that a deliverable address reaches, if there is one."""
    if session.get(Site, 1) is None:  # nobody was ever invited; strangers who try must not write the first row
        return None
    return session.scalars(
        select(Organiser).where(Organiser.email_key == organiser_email_key(session, address))
    ).one_or_none()


def find_by_reference(reference: str) -> Organiser | None:
    """Return the active organiser whose random id is `reference`, as addresses have it; None for any other text."""
    try:
        public_id = bytes.fromhex(reference)
    except ValueError:
        return None
    named = (Organiser.public_id == public_id) & Organiser.active
    return db.session.scalars(select(Organiser).where(named)).one_or_none()


def organiser_email_key(session: Session, address: str) -> bytes:
    """Return the 32 bytes that stand for an organiser's mailbox on this site."""
    return mailbox_hash(session, canonical(address))


def invite(
    address: str,
    petition: Petition | None = None,
    role: Role | None = None,
    *,
    administrator: bool = False,
    by: Organiser | None = None,
    language: str | None = None,
) -> None:
    """Give the mailbox of a deliverable address an account if it has none, and a role in the petition; write to it.

    `by` is who invites (None: a command). Whoever has not joined yet gets a new link, and older ones stop working. Who
    has an account takes the role when they accept it, so that nobody is put on a petition unasked, and an organiser
    who invites learns nothing of the account; only a command gives it at once.
    Raises NotAnAddress, and LastOwner where the only owner would become something less.
    """
    address = deliverable(address)
    now = clock.now()
    with transaction() as session:
        if petition is not None:
            lock_petition(session, petition.id)
        key = organiser_email_key(session, address)
        draft = Organiser(address, key, language or site_language())
        columns = ("public_id", "email_key", "sealed_email", "language", "fs_uniquifier")
        new = insert(Organiser).values(active=True, **{name: getattr(draft, name) for name in columns})
        # Setting the key to what it is locks the row that is there, and makes two invitations at once one account.
        new = new.on_conflict_do_update(index_elements=["email_key"], set_={"email_key": new.excluded.email_key})
        organiser_id = session.execute(new.returning(Organiser.id)).scalar_one()
        organiser = session.get_one(Organiser, organiser_id, populate_existing=True)
        actor = by.id if by else None
        is_asked = by is not None or not organiser.joined_at
        if petition is not None and role is not None:
            until = now + INVITATION_TTL if is_asked else None
            is_asked = offer_role(session, petition.id, organiser, role, address, until)
            record(session, Act.INVITED, petition.id, actor, organiser.id, role=role.value)
        if administrator and not organiser.is_administrator:
            organiser.is_administrator = True
            record(session, Act.APPOINTED, None, actor, organiser.id)
        _write(session, organiser, petition, now, asks=is_asked, by_stranger=by is not None)


def find_invited(token: str) -> Organiser | None:
    """Return the organiser whom an invitation's link invites; None when it is used, replaced, expired or not ours."""
    try:
        public_id, generation = tokens.read_token(tokens.Purpose.INVITATION, token)
    except tokens.BadToken:
        return None
    organiser = db.session.scalars(select(Organiser).where(Organiser.public_id == public_id)).one_or_none()
    if organiser is None or organiser.joined_at or organiser.generation != generation:
        return None
    is_open = organiser.active and organiser.invited_until is not None and organiser.invited_until > clock.now()
    return organiser if is_open else None


def join(organiser: Organiser, password: str | None) -> Organiser | None:
    """Let an invited organiser in, once; return them, or None if another click with the same link came first."""
    # Unicode spells one letter in several ways (UAX 15): Flask-Security brings passwords into one before it compares.
    hashed = hash_password(security.password_util.normalize(password)) if password else None
    now = clock.now()
    with transaction() as session:
        offered = session.scalars(petitions_of(organiser.id)).all()
        # Before the account, as everybody does: two who take them in another order would wait for each other.
        for petition_id in offered:
            lock_petition(session, petition_id)
        still_open = (Organiser.id == organiser.id) & Organiser.joined_at.is_(None) & Organiser.active
        same_link = Organiser.generation == organiser.generation
        joined = (
            update(Organiser)
            .where(still_open, same_link)
            .values(joined_at=now, invited_until=None, generation=Organiser.generation + 1, password=hashed)
            .returning(Organiser.id)
            .execution_options(synchronize_session=False)
        )
        if session.execute(joined).first() is None:
            return None
        for petition_id in offered:
            accept(session, petition_id, organiser.id, now)
        return session.get_one(Organiser, organiser.id, populate_existing=True)


def forget_expired_invitations(now: datetime | None = None) -> int:
    """Take back the roles that nobody accepted in time, and erase who never joined; return how many of these."""
    now = now or clock.now()
    never = (Organiser.joined_at.is_(None)) & (Organiser.invited_until < now)
    # A look first, so that where none is due SQLite's one write lock is not taken.
    if not db.session.scalar(select(or_(exists().where(Membership.invited_until <= now), exists().where(never)))):
        return 0
    with transaction() as session:
        late = Membership.invited_until <= now
        held = select(Membership.petition_id).where(late).distinct().order_by(Membership.petition_id)
        for petition_id in session.scalars(held).all():
            lock_petition(session, petition_id)
        for offer in session.scalars(select(Membership).where(late).with_for_update()).all():
            record(session, Act.LEFT, offer.petition_id, None, offer.organiser_id, because="expired")
            session.delete(offer)
        organisers = session.scalars(select(Organiser).where(never).with_for_update()).all()
        for organiser in organisers:
            session.execute(delete(Membership).where(Membership.organiser_id == organiser.id))
            organiser.erase()
    return len(organisers)


def _write(
    session: Session, organiser: Organiser, petition: Petition | None, now: datetime, *, asks: bool, by_stranger: bool
) -> None:
    title = newest_title(petition) if petition and not petition.discreet else None
    if organiser.joined_at:
        if petition is None and not organiser.is_administrator:
            return  # has an account, and was given nothing new
        words: dict[str, Any] = {"title": title, "asks": asks, "link": absolute_url("organisers.home")}
        queue_rendered_letter(session, organiser, "added", now, by_stranger=by_stranger, **words)
        return
    organiser.generation = (organiser.generation + 1) % 2**16  # it has two bytes in the link
    organiser.invited_until = now + INVITATION_TTL
    token = tokens.make_token(tokens.Purpose.INVITATION, organiser.public_id, organiser.generation)
    where = absolute_url("organisers.invitation", token=token)
    words = {"title": title, "link": where, "until": organiser.invited_until}
    queue_rendered_letter(session, organiser, "invitation", now, by_stranger=by_stranger, **words)
