"""Letters to organisers: rendered in the transaction that causes them, sealed in the outbox, erased once sent."""

import os
from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.crypto import sealing, tokens
from app.db import db, insert, is_one_of
from app.email.address import canonical, without_tag
from app.email.domain import domain_of
from app.email.letter import Letter
from app.email.render import Rendered, message, render
from app.models import Membership, Occasion, Organiser, OutboxRow, Petition, Role
from app.outbox.enqueue import PRIORITY, PRIORITY_BY_STRANGER, PRIORITY_OF_ORGANISERS
from app.web.language import force_language

PURPOSE = "organiser-letter"
WRITTEN = "written"
MAX_FIELD_CHARACTERS = 60 * 1024  # a sealed field takes a little more


def render_letter(row: OutboxRow) -> Letter | None:
    """Return the letter sealed in this row; None if it was erased, or is not rendered yet."""
    fields = unseal_fields(row, WRITTEN)
    if not fields:
        return None
    recipient, *rendered = fields
    return message(row.public_id, recipient, Rendered(*rendered))


def unseal_fields(row: OutboxRow, kind: str) -> list[str]:
    """Return the fields sealed in this row if they are of that kind; else an empty list."""
    if row.sealed is None:
        return []
    found, *fields = sealing.unseal(PURPOSE, row.public_id, row.sealed).fields
    return fields if found == kind else []


def recipient_domains(row_ids: Collection[int]) -> dict[int, str]:
    """Return the domains (in ASCII, lower case) of the addresses that these rows' letters go to, by the rows' ids."""
    rows = select(OutboxRow.id, OutboxRow.public_id, OutboxRow.sealed).where(
        is_one_of(OutboxRow.id, [*row_ids]), OutboxRow.sealed.is_not(None)
    )
    domains: dict[int, str] = {}
    for row in db.session.execute(rows):
        with suppress(sealing.CannotOpen):  # it shows when the letter is written
            domains[row.id] = domain_of(sealing.unseal(PURPOSE, row.public_id, row.sealed).fields[1])
    return domains


def queue_request(session: Session, kind: str, recipient: str, at: datetime) -> None:
    """Insert a request for a letter, which the worker renders, into the outbox; the caller commits.

    Strangers can cause it: it has the lowest rank, and where one waits already for this mailbox, none is added, as the
    database decides. That goes by the mailbox that an account has: another tag must not stand in its way.
    """
    key = _counted(kind, canonical(recipient))
    _insert(session, kind, recipient, (), at, mailbox=key, priority=PRIORITY_BY_STRANGER)


def queue_rendered_letter(
    session: Session,
    organiser: Organiser,
    letter: str,
    at: datetime,
    *,
    is_limited: bool = False,
    can_wait: bool = False,
    **words: Any,
) -> None:
    """Render the letter of templates/email/<letter>/ in the organiser's language and queue it.

    With `is_limited` the mailbox limit applies, to these letters by themselves, and they go after those that people
    wait for: whoever has an account can cause them. With `can_wait` they go after those too, without a limit.
    """
    fields = render_for(organiser, letter, **words)
    key = _counted(letter, without_tag(organiser.email)) if is_limited else None
    rank = PRIORITY_OF_ORGANISERS if is_limited or can_wait else PRIORITY[Occasion.ORGANISER]
    _insert(session, WRITTEN, organiser.email, fields, at, mailbox=key, priority=rank)


def _counted(letter: str, mailbox: str) -> bytes:
    return tokens.keyed_hash(f"organiser's {letter}", mailbox)


def _insert(
    session: Session,
    kind: str,
    recipient: str,
    fields: Iterable[str],
    at: datetime,
    *,
    mailbox: bytes | None,
    priority: int = PRIORITY[Occasion.ORGANISER],
    due_at: datetime | None = None,
    petition_id: int | None = None,
) -> None:
    public_id = os.urandom(16)
    new = insert(OutboxRow).values(
        public_id=public_id,
        occasion=Occasion.ORGANISER,
        priority=priority,
        sealed=sealing.seal(PURPOSE, public_id, (kind, recipient, *fields)),
        mailbox=mailbox,
        petition_id=petition_id,
        queued_at=at,
        due_at=due_at or at,
    )
    session.execute(new.on_conflict_do_nothing())


def render_for(organiser: Organiser, letter: str, **words: Any) -> Rendered:
    """Return the letter of templates/email/<letter>/ in the organiser's language, cut to fit into a row."""
    with force_language(organiser.language):
        rendered = render(letter, language=organiser.language, **words)
    return rendered._replace(text=rendered.text[:MAX_FIELD_CHARACTERS], html=rendered.html[:MAX_FIELD_CHARACTERS])


def owners_of(session: Session, petition_id: int) -> list[Organiser]:
    """Return the petition's owners who have joined."""
    return [owner for owner, _ in members_of(session, petition_id, {Role.OWNER})]


def members_of(session: Session, petition_id: int, roles: Collection[Role]) -> list[tuple[Organiser, Membership]]:
    """Return the petition's members who have joined and have one of these roles."""
    members = (
        db.select(Organiser, Membership, Petition)
        .join(Membership, Membership.organiser_id == Organiser.id)
        .join(Petition, Petition.id == Membership.petition_id)
        .where(Membership.petition_id == petition_id, Membership.role.in_(roles))
        .where(Membership.invited_until.is_(None))
        .where(Organiser.joined_at.is_not(None), Organiser.active)
    )
    rows = session.execute(members).all()
    return [(one, member) for one, member, petition in rows if one.is_genuine and member.genuine_role(petition, one)]


def queue_for_member(
    session: Session, kind: str, member: Organiser, petition_id: int, at: datetime, *more: str
) -> None:
    """Queue a letter to a member of a petition that is rendered when it is sent; the caller commits.

    What is sealed in it is their address, then `more`. It goes after what signers wait for, as above.
    """
    rank = PRIORITY_OF_ORGANISERS
    _insert(session, kind, member.email, more, at, mailbox=None, priority=rank, petition_id=petition_id)


def queue_for_owner(
    session: Session, kind: str, owner: Organiser, petition_id: int, at: datetime, due: datetime
) -> None:
    """Queue a letter about a petition that is rendered when it is sent, after `due`; the caller commits.

    Whoever works on the petition can cause it, so it goes after what signers wait for.
    """
    fields = (owner.public_id.hex(),)
    rank = PRIORITY_OF_ORGANISERS
    _insert(session, kind, owner.email, fields, at, mailbox=None, priority=rank, due_at=due, petition_id=petition_id)
