"""Remind people who have not confirmed: once, a day after their letter was sent, while the petition is open."""

import random
from datetime import timedelta

from sqlalchemy import ColumnElement, Select, literal, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, aliased

from app import clock
from app.db import db, insert, transaction
from app.models import Draft, Occasion, OutboxProgress, OutboxRow, Petition
from app.outbox.enqueue import letter_row
from app.outbox.mailbox_limit import CountedMailbox
from app.signing.draft import was_sent
from app.signing.expiry import LINK_WORKS_FOR

REMIND_AFTER = timedelta(days=1)
SPREAD = timedelta(hours=1)  # over which those that are queued together leave
BATCH_SIZE = 200


def queue_reminders() -> int:
    """Queue a reminder of each draft that is due, at most BATCH_SIZE at once; return how many.

    A draft whose letter was never sent is not due. A mailbox is reminded of its newest draft, and of no other one while
    that is kept: signing again starts the day anew, and never causes a second reminder.
    """
    now = clock.now()
    due = (
        select(Draft.public_id)
        .join(Petition)
        .join(OutboxRow, _is_sent_letter(Draft.public_id))
        .where(was_sent(now), Draft.expires_at <= now + LINK_WORKS_FOR - REMIND_AFTER, ~Draft.reminded)
        .where(or_(Petition.closes_at.is_(None), Petition.closes_at > now), ~_newer_or_reminded().exists())
        .order_by(Draft.expires_at)
        .limit(BATCH_SIZE)
    )
    # Read first, so that SQLite's one write lock is not taken when none is due.
    if db.session.scalars(due).first() is None:
        return 0
    with transaction() as session:
        # The condition is checked again, so that two workers never remind of the same draft.
        mark = update(Draft).where(Draft.public_id.in_(due.scalar_subquery()), ~Draft.reminded).values(reminded=True)
        reminded = mark.returning(Draft.public_id, Draft.petition_id).execution_options(synchronize_session=False)
        rows = session.execute(reminded).all()
        for draft_id, petition_id in rows:
            mailbox, is_tagged = session.execute(_sent_letter_of(draft_id)).one()  # it is due by that
            counted = CountedMailbox(mailbox, is_tagged) if mailbox else None
            # At a moment by chance, and not in the slow lane: whoever has letters of his own there would see by their
            # time that this mailbox has not signed.
            due_at = now + random.random() * SPREAD
            letter = letter_row(Occasion.REMINDER, now, petition_id, draft_id=draft_id, mailbox=counted)
            session.execute(insert(OutboxRow).values(letter | {"due_at": due_at}))
    return len(rows)


def _newer_or_reminded() -> Select[bytes]:
    """Return the mailbox's other drafts that it was reminded of, or will be, as a letter went out for them later.

    One that was readdressed is no such draft, though it is marked, so that nobody is reminded of it. Nor is one under
    another spelling, which may reach nobody: its letter is counted for another mailbox, or has a tag and this one none.
    """
    other, letter = aliased(Draft), aliased(OutboxRow)
    of_mailbox = (other.petition_id == Draft.petition_id) & (other.email_key == Draft.email_key)
    is_newer = other.code_hash.is_not(None) & (other.signed_at > Draft.signed_at) & ~other.reminded
    stands_in = or_(letter.occasion == Occasion.REMINDER, (letter.occasion == Occasion.SIGNED) & is_newer)
    is_spelt_so = (letter.mailbox == OutboxRow.mailbox) & or_(~letter.is_tagged, OutboxRow.is_tagged)
    its_letter = (letter.draft_id == other.public_id) & (other.public_id != Draft.public_id)
    return select(other.public_id).join(letter, its_letter).where(of_mailbox, stands_in, is_spelt_so)


def _sent_letter_of(draft_id: bytes) -> Select[bytes | None, bool]:
    sent = select(OutboxRow.mailbox, OutboxRow.is_tagged)
    return sent.where(_is_sent_letter(literal(draft_id)))


def _is_sent_letter(draft_id: ColumnElement[bytes] | InstrumentedAttribute[bytes]) -> ColumnElement[bool]:
    """Return the condition for the letter that asked to confirm a draft, if it was sent."""
    is_sent = OutboxRow.progress == OutboxProgress.SENT
    return (OutboxRow.draft_id == draft_id) & (OutboxRow.occasion == Occasion.SIGNED) & is_sent
