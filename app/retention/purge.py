"""Purge: delete signatures that were never confirmed, old outbox rows, and expired proofs of work.

All work in batches along an index (see `in_batches` in app/db.py), so that SQLite's one write lock is never held long.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app import clock
from app.db import in_batches
from app.models import OutboxRow, Petition, Signature, SpentProof, State

ENDED_EMAILS_RETENTION = timedelta(days=7)


def purge_unconfirmed() -> int:
    """Delete pending signatures whose link has expired; return how many.

    One whose e-mail still waits has no expiry and stays.
    """
    expired = (Signature.state == State.PENDING) & (Signature.expires_at < clock.now())

    def purge(session: Session, ids: Sequence[int]) -> None:
        session.execute(delete(Signature).where(Signature.id.in_(ids)).execution_options(synchronize_session=False))

    return in_batches(select(Signature.id).where(expired).order_by(Signature.expires_at), purge)


def purge_ended_emails() -> int:
    """Delete outbox rows that ended a week ago; return how many."""
    ended = OutboxRow.ended_at < clock.now() - ENDED_EMAILS_RETENTION

    def purge(session: Session, ids: Sequence[int]) -> None:
        session.execute(delete(OutboxRow).where(OutboxRow.id.in_(ids)).execution_options(synchronize_session=False))

    return in_batches(select(OutboxRow.id).where(ended).order_by(OutboxRow.ended_at), purge)


def purge_spent_proofs() -> int:
    """Delete used proofs of work that have expired, and so do not work anyway; return how many."""
    expired = SpentProof.until < clock.now()

    def purge(session: Session, keys: Sequence[bytes]) -> None:
        session.execute(delete(SpentProof).where(SpentProof.key.in_(keys)).execution_options(synchronize_session=False))

    return in_batches(select(SpentProof.key).where(expired).order_by(SpentProof.until), purge)


def forget_declined() -> int:
    """Erase what declined signatures still know of their mailbox, once it has no use; return how many.

    The mailbox's key is erased when the petition has closed, as nobody can sign then; `unwanted` when declining cannot
    be undone any more.
    """
    now = clock.now()
    closed = select(Petition.id).where(Petition.closes_at <= now)
    declined = Signature.state == State.DECLINED
    has_key = declined & Signature.email_key.is_not(None) & Signature.petition_id.in_(closed)
    has_unwanted = declined & Signature.unwanted.is_not(None) & (Signature.expires_at < now)

    def erase_key(session: Session, ids: Sequence[int]) -> None:
        _erase_column(session, "email_key", ids)

    def erase_unwanted(session: Session, ids: Sequence[int]) -> None:
        _erase_column(session, "unwanted", ids)

    with_key, with_unwanted = select(Signature.id).where(has_key), select(Signature.id).where(has_unwanted)
    return in_batches(with_key, erase_key) + in_batches(with_unwanted, erase_unwanted)


def _erase_column(session: Session, column: str, ids: Sequence[int]) -> None:
    change = update(Signature).where(Signature.id.in_(ids)).values({column: None})
    session.execute(change.execution_options(synchronize_session=False))
