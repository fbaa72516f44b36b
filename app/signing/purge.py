"""Purge: forget those who never confirmed, and letters that are done with."""

from datetime import timedelta

from sqlalchemy import delete

from app import clock
from app.db import transaction
from app.models import OutboxRow, Progress, Signature, State

ENDED_LETTERS_STAY = timedelta(days=7)


def purge() -> tuple[int, int]:
    """Delete pending signatures whose link has expired, and letters that ended a week ago; return how many of each.

    A pending signature whose letter still waits has no expiry and stays.
    """
    now = clock.now()
    with transaction() as session:
        unconfirmed = delete(Signature).where(Signature.state == State.PENDING, Signature.expires_at < now)
        ended = delete(OutboxRow).where(
            OutboxRow.progress != Progress.WAITING, OutboxRow.ended_at < now - ENDED_LETTERS_STAY
        )
        gone = [
            session.execute(
                statement.returning(statement.table.c.id).execution_options(synchronize_session=False)
            ).all()
            for statement in (unconfirmed, ended)
        ]
    return len(gone[0]), len(gone[1])
