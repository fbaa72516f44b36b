"""Purge: forget those who never confirmed, letters that are done with, and proofs of work that are over."""

from datetime import timedelta

from sqlalchemy import delete, select, update

from app import clock
from app.db import transaction
from app.models import OutboxRow, Petition, Progress, Signature, SpentProof, State

ENDED_LETTERS_STAY = timedelta(days=7)


def purge() -> tuple[int, int]:
    """Delete pending signatures whose link has expired, and letters that ended a week ago; return how many of each.

    Proofs of work that could not be used once more anyhow go too. A pending signature whose letter still waits has no
    expiry and stays. Of the declined ones of petitions that have closed, the mailbox's key goes: nobody can sign with
    it any more.
    """
    now = clock.now()
    with transaction() as session:
        closed = select(Petition.id).where(Petition.closes_at <= now)
        declined = update(Signature).where(Signature.state == State.DECLINED, Signature.email_key.is_not(None))
        declined = declined.where(Signature.petition_id.in_(closed)).values(email_key=None)
        session.execute(declined.execution_options(synchronize_session=False))
        settled = (Signature.state == State.DECLINED) & (Signature.expires_at < now) & Signature.unwanted.is_not(None)
        session.execute(
            update(Signature).where(settled).values(unwanted=None).execution_options(synchronize_session=False)
        )
        unconfirmed = delete(Signature).where(Signature.state == State.PENDING, Signature.expires_at < now)
        ended = delete(OutboxRow).where(
            OutboxRow.progress != Progress.WAITING, OutboxRow.ended_at < now - ENDED_LETTERS_STAY
        )
        over = delete(SpentProof).where(SpentProof.until < now)
        session.execute(over.execution_options(synchronize_session=False))
        gone = [
            session.execute(
                statement.returning(statement.table.c.id).execution_options(synchronize_session=False)
            ).all()
            for statement in (unconfirmed, ended)
        ]
    return len(gone[0]), len(gone[1])
