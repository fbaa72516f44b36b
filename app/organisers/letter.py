"""Letters to organisers: written with what causes them, sealed in the outbox, emptied once they have gone."""

import os
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask import current_app, render_template
from flask_mail import Message
from sqlalchemy import insert
from sqlalchemy.orm import Session

from app import sealing, tokens
from app.db import db
from app.email_address import canonical
from app.models import Membership, Occasion, Organiser, OutboxRow, Role
from app.outbox.enqueue import PRIORITY
from app.web.language import speaking

PURPOSE = "organiser-letter"
SIXTY_KIB = 60 * 1024  # a sealed field takes a little more


def write(row: OutboxRow) -> Message | None:
    """Return the letter sealed in this row; None when it has been emptied."""
    if row.sealed is None:
        return None
    recipient, subject, text, html = sealing.unseal(PURPOSE, row.public_id, row.sealed).fields
    message = Message(
        subject=subject, recipients=[recipient], body=text, extra_headers={"Auto-Submitted": "auto-generated"}
    )
    message.html = html or None
    message.msgId = f"<{row.public_id.hex()}@{urlsplit(current_app.config['BASE_URL']).hostname}>"
    return message


def post(
    session: Session, recipient: str, subject: str, text: str, html: str, at: datetime, *, by_stranger: bool = False
) -> None:
    """Put a letter into the outbox, sealed; the caller commits. What strangers can cause is limited by mailbox."""
    public_id = os.urandom(16)
    fields = (recipient, " ".join(subject.split()), text[:SIXTY_KIB], html[:SIXTY_KIB])
    row = {
        "public_id": public_id,
        "occasion": Occasion.ORGANISER,
        "priority": PRIORITY[Occasion.ORGANISER],
        "sealed": sealing.seal(PURPOSE, public_id, fields),
        "mailbox": tokens.keyed_hash("mailbox", canonical(recipient)) if by_stranger else None,
        "queued_at": at,
        "due_at": at,
    }
    session.execute(insert(OutboxRow.__table__).values(row))  # type: ignore[arg-type]


def post_in_words(
    session: Session, organiser: Organiser, letter: str, at: datetime, *, by_stranger: bool = False, **words: Any
) -> None:
    """Write the letter of templates/email/<letter>/ in the organiser's language and put it into the outbox."""
    words["language"] = organiser.language
    with speaking(organiser.language):
        subject = render_template(f"email/{letter}/subject.txt", **words)
        text = render_template(f"email/{letter}/body.txt", **words)
        html = render_template(f"email/{letter}/body.html", **words)
    post(session, organiser.email, subject, text, html, at, by_stranger=by_stranger)


def post_to_owners(session: Session, petition_id: int, letter: str, at: datetime, **words: Any) -> None:
    """Write a letter to every owner of a petition who has joined."""
    owners = (
        db.select(Organiser)
        .join(Membership, Membership.organiser_id == Organiser.id)
        .where(Membership.petition_id == petition_id, Membership.role == Role.OWNER)
        .where(Organiser.joined_at.is_not(None), Organiser.active)
    )
    for owner in session.scalars(owners).all():
        post_in_words(session, owner, letter, at, **words)
