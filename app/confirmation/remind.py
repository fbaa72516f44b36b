"""The one reminder to those who have not confirmed: a day after their letter left, while the petition is still open."""

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
    """Queue a reminder for each pending signature that is due one, some hundred at once; return for how many.

    Where the letter was not taken by a mail server, there is nothing to be reminded of. Signing again moves the day on,
    and never brings a second reminder.
    """
    now = clock.now()
    waits = (Signature.state == State.PENDING) & Signature.reminded.is_(False)
    due = (
        select(Signature.id)
        .join(Petition)
        .where(waits, Signature.expires_at > now, Signature.expires_at <= now + LINK_WORKS_FOR - REMIND_AFTER)
        .where(or_(Petition.closes_at.is_(None), Petition.closes_at > now), _taken_letter_of(Signature.id).exists())
        .order_by(Signature.expires_at)
        .limit(BATCH_SIZE)
    )
    # A look first, so that where none is due SQLite's one write lock is not taken.
    if db.session.scalars(due).first() is None:
        return 0
    with transaction() as session:
        # Asked twice, so that of two workers who find the same one, one reminds.
        mine = update(Signature).where(Signature.id.in_(due.scalar_subquery()), waits).values(reminded=True)
        reminded = mine.returning(Signature.id, Signature.petition_id).execution_options(synchronize_session=False)
        rows = session.execute(reminded).all()
        for signature_id, petition_id in rows:
            mailbox, had_proof = session.execute(_taken_letter_of(signature_id)).one()
            enqueue(session, Occasion.REMINDER, petition_id, signature_id, now, mailbox, had_proof_of_work=had_proof)
    return len(rows)


def _taken_letter_of(signature_id: int | InstrumentedAttribute[int]) -> Select[bytes | None, bool]:
    mine = (OutboxRow.signature_id == signature_id) & (OutboxRow.occasion == Occasion.SIGNED)
    taken = select(OutboxRow.mailbox, OutboxRow.had_proof_of_work).where(
        mine, OutboxRow.progress == OutboxProgress.SENT
    )
    return taken.order_by(OutboxRow.id.desc()).limit(1)
