"""Remind people who have not confirmed: once, a day after their letter was sent, while the petition is open."""

from datetime import timedelta

from sqlalchemy import Select, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from app import clock
from app.db import db, transaction
from app.models import Occasion, OutboxProgress, OutboxRow, Petition, Signature, State
from app.outbox.enqueue import enqueue
from app.signing.expiry import LINK_WORKS_FOR

REMIND_AFTER = timedelta(days=1)
BATCH_SIZE = 200


def queue_reminders() -> int:
    """Queue one reminder for each pending signature that is due, at most BATCH_SIZE at once; return how many.

    A signature whose letter was never sent is not due. Signing again starts the day anew, and never causes a second
    reminder.
    """
    now = clock.now()
    not_reminded = (Signature.state == State.PENDING) & Signature.reminded.is_(False)
    due = (
        select(Signature.id)
        .join(Petition)
        .where(not_reminded, Signature.expires_at > now, Signature.expires_at <= now + LINK_WORKS_FOR - REMIND_AFTER)
        .where(or_(Petition.closes_at.is_(None), Petition.closes_at > now), _sent_letter_of(Signature.id).exists())
        .order_by(Signature.expires_at)
        .limit(BATCH_SIZE)
    )
    # Read first, so that SQLite's one write lock is not taken when none is due.
    if db.session.scalars(due).first() is None:
        return 0
    with transaction() as session:
        # The condition is checked again, so that two workers never remind the same signer.
        mark = update(Signature).where(Signature.id.in_(due.scalar_subquery()), not_reminded).values(reminded=True)
        reminded = mark.returning(Signature.id, Signature.petition_id).execution_options(synchronize_session=False)
        rows = session.execute(reminded).all()
        for signature_id, petition_id in rows:
            mailbox, had_proof = session.execute(_sent_letter_of(signature_id)).one()
            enqueue(session, Occasion.REMINDER, petition_id, signature_id, now, mailbox, had_proof_of_work=had_proof)
    return len(rows)


def _sent_letter_of(signature_id: int | InstrumentedAttribute[int]) -> Select[bytes | None, bool]:
    of_signing = (OutboxRow.signature_id == signature_id) & (OutboxRow.occasion == Occasion.SIGNED)
    sent = select(OutboxRow.mailbox, OutboxRow.had_proof_of_work).where(
        of_signing, OutboxRow.progress == OutboxProgress.SENT
    )
    return sent.order_by(OutboxRow.id.desc()).limit(1)
