"""Accounts: found by mailbox, invited by e-mail, joined by its link, erased when they end."""

import logging
from datetime import datetime, timedelta
from typing import Any

from flask_security.proxies import _security as security
from flask_security.utils import hash_password
from sqlalchemy import delete, exists, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.audit.log import record
from app.crypto import tokens
from app.db import db, insert, transaction
from app.email.address import canonical, deliverable
from app.models import Act, AlteredAccount, Membership, Organiser, Petition, Role, Site
from app.models.site import mailbox_hash
from app.organisers.access import Who
from app.organisers.acting import lock_petition_for
from app.organisers.letter import queue_rendered_letter
from app.organisers.members import accept, lock_administrators, lock_petition, offer_role, petitions_of
from app.petitions.page import newest_title
from app.web.absolute_url import absolute_url
from app.web.address_field import tidy_address
from app.web.language import site_language

INVITATION_TTL = timedelta(days=7)
log = logging.getLogger(__name__)


def find_account(session: Session, address: str) -> Organiser | None:
    """Return the account of the mailbox of a deliverable address; None if there is none."""
    if session.get(Site, 1) is None:  # nobody was ever invited; `mailbox_hash` would insert the row
        return None
    return session.scalars(
        select(Organiser).where(Organiser.email_key == organiser_email_key(session, address))
    ).one_or_none()


def find_by_reference(reference: str) -> Organiser | None:
    """Return the active organiser whose random id is `reference`, in hexadecimal as in URLs; None for other text."""
    try:
        public_id = bytes.fromhex(reference)
    except ValueError:
        return None
    is_active = (Organiser.public_id == public_id) & Organiser.active
    return db.session.scalars(select(Organiser).where(is_active)).one_or_none()


def organiser_email_key(session: Session, address: str) -> bytes:
    """Return the keyed hash (32 bytes) of an organiser's mailbox on this site."""
    return mailbox_hash(session, canonical(address))


def invite(
    address: str,
    petition: Petition | None = None,
    role: Role | None = None,
    *,
    administrator: bool = False,
    inviter: Organiser | None = None,
    language: str | None = None,
) -> bool:
    """Create an account for an address if it has none, give or offer a role, and send an e-mail.

    Return whether this person has joined already, and so gets no link to join by.

    `inviter` is None for a command, which also has an account that was altered in the database joined anew.
    People who have not joined yet get a link; if a command invites them, older ones stop working. People with an
    account must accept the role: nobody becomes a member unasked, and the inviter does not learn whether there is an
    account. Only a command gives a role at once.
    Raises NotAnAddress, LastOwner if the last owner would lose that role, AlteredPetition, and AlteredAccount for a
    command if the account of this mailbox was made one of somebody else's in the database.
    """
    address = deliverable(tidy_address(address))
    now = clock.now()
    with transaction() as session:
        if petition is not None:
            lock_petition_for(session, petition.id, inviter.id if inviter else None, Who.ROLE_GIVERS)
        elif inviter is not None:
            lock_administrators(session, inviter)
        key = organiser_email_key(session, address)
        draft = Organiser(address, key, language or site_language())
        columns = ("public_id", "email_key", "sealed_email", "language", "active", "fs_uniquifier", "sealed_rights")
        new = insert(Organiser).values({name: getattr(draft, name) for name in columns})
        # The upsert locks an existing row, so that two invitations at once create one account.
        new = new.on_conflict_do_update(index_elements=["email_key"], set_={"email_key": new.excluded.email_key})
        organiser_id = session.execute(new.returning(Organiser.id)).scalar_one()
        organiser = session.get_one(Organiser, organiser_id, populate_existing=True)
        if not organiser.is_genuine or organiser.email_key != key:  # which is sealed with it
            if inviter is not None:
                log.error("account %s was altered in the database, and is not invited", organiser.public_id.hex())
                return False
            if canonical(organiser.email) != canonical(address):
                raise AlteredAccount(organiser.public_id)
            organiser.begin_anew()
        actor_id = inviter.id if inviter else None
        must_accept = inviter is not None or not organiser.joined_at
        if petition is not None and role is not None:
            until = now + INVITATION_TTL if must_accept else None
            must_accept = offer_role(session, petition, organiser, role, address, until)
            record(session, Act.INVITED, petition.id, actor_id, organiser.id, role=role.value)
        if administrator and not organiser.is_administrator:
            organiser.is_administrator = True
            record(session, Act.APPOINTED, None, actor_id, organiser.id)
        _queue_invitation(session, organiser, petition, now, asks=must_accept, inviter=inviter, role=role)
        return organiser.joined_at is not None


def find_invited(token: str) -> Organiser | None:
    """Return the organiser of an invitation's link; None if it is used, replaced, expired or forged."""
    try:
        public_id, generation = tokens.read_token(tokens.Purpose.INVITATION, token)
    except tokens.BadToken:
        return None
    organiser = db.session.scalars(select(Organiser).where(Organiser.public_id == public_id)).one_or_none()
    if organiser is None or organiser.generation != generation or not organiser.is_genuine:
        return None
    if organiser.joined_at and organiser.can_sign_in:  # whoever left while making a passkey comes back by the link
        return None
    is_open = organiser.active and organiser.invited_until is not None and organiser.invited_until > clock.now()
    return organiser if is_open else None


def join(organiser: Organiser, password: str | None) -> Organiser | None:
    """Let an invited organiser join, once; return them, or None if the link was used before.

    Without a password the link goes on working until they have made a passkey.
    """
    # Normalised (UAX 15), as Flask-Security does before it compares passwords.
    hashed = hash_password(security.password_util.normalize(password)) if password else None
    now = clock.now()
    organiser_id, generation = organiser.id, organiser.generation
    with transaction() as session:
        offered = session.scalars(petitions_of(organiser_id)).all()
        # Lock order: petitions before accounts, or two transactions could deadlock.
        for petition_id in offered:
            lock_petition(session, petition_id)
        same_link = (Organiser.id == organiser_id) & (Organiser.generation == generation) & Organiser.active
        locked = select(Organiser).where(same_link).with_for_update(key_share=True)
        joining = session.scalars(locked.execution_options(populate_existing=True)).one_or_none()
        if joining is None or (joining.joined_at and joining.can_sign_in):
            return None
        joining.joined_at = joining.joined_at or now
        if hashed:
            joining.password = hashed
            joining.end_invitation()
        for petition_id in offered:
            accept(session, petition_id, organiser_id, now)
        return joining


def forget_expired_invitations(now: datetime | None = None) -> int:
    """Withdraw roles that were not accepted in time, and erase accounts that never joined; return how many accounts."""
    now = now or clock.now()
    never_joined = (Organiser.joined_at.is_(None)) & (Organiser.invited_until < now)
    # Read first, so that SQLite's only write lock is not taken if none is due.
    if not db.session.scalar(
        select(or_(exists().where(Membership.invited_until <= now), exists().where(never_joined)))
    ):
        return 0
    with transaction() as session:
        is_expired = Membership.invited_until <= now
        to_lock = select(Membership.petition_id).where(is_expired).distinct().order_by(Membership.petition_id)
        for petition_id in session.scalars(to_lock).all():
            lock_petition(session, petition_id)
        for offer in session.scalars(select(Membership).where(is_expired).with_for_update()).all():
            record(session, Act.LEFT, offer.petition_id, None, offer.organiser_id, because="expired")
            session.delete(offer)
        organisers = session.scalars(select(Organiser).where(never_joined).with_for_update()).all()
        for organiser in organisers:
            session.execute(delete(Membership).where(Membership.organiser_id == organiser.id))
            organiser.erase()
    return len(organisers)


def _queue_invitation(
    session: Session,
    organiser: Organiser,
    petition: Petition | None,
    now: datetime,
    *,
    asks: bool,
    inviter: Organiser | None,
    role: Role | None,
) -> None:
    is_limited = inviter is not None
    common = {"inviter": inviter.introduced if inviter else "", "role": role.value if role else ""}
    # A draft's title may say anything, and nobody has answered for it yet.
    title = newest_title(petition) if petition and petition.opened_at and not petition.discreet else None
    if organiser.joined_at:
        if petition is None and not organiser.is_administrator:
            return  # has an account already, and nothing new to read
        words: dict[str, Any] = {"title": title, "asks": asks, "link": absolute_url("organisers.home"), **common}
        queue_rendered_letter(session, organiser, "added", now, is_limited=is_limited, **words)
        return
    if not is_limited:  # or an organiser's invitation, whose letter may not go out, would end the link that is there
        organiser.generation = (organiser.generation + 1) % 2**16  # two bytes in the token
    organiser.invited_until = now + INVITATION_TTL
    token = tokens.make_token(tokens.Purpose.INVITATION, organiser.public_id, organiser.generation)
    link = absolute_url("organisers.invitation", token=token)
    words = {"title": title, "link": link, "until": organiser.invited_until, **common}
    queue_rendered_letter(session, organiser, "invitation", now, is_limited=is_limited, **words)
