"""Purge: delete drafts that were never confirmed, old outbox rows, and expired proofs of work.

All work in batches along an index (see `in_batches` in app/db.py), so that SQLite's one write lock is never held long.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, aliased

from app import clock
from app.db import in_batches, is_one_of
from app.models import Declined, Draft, FormCopy, OutboxRow, Petition, ReturnedEmail, SpentProof
from app.petitions.news_numbers import keep_numbers

ENDED_EMAILS_RETENTION = timedelta(days=7)


def purge_drafts() -> int:
    """Delete drafts whose link has expired, and those that were closed; return how many.

    One whose e-mail still waits has no expiry and stays.
    """
    expired = select(Draft.public_id).where(Draft.expires_at < clock.now())
    return in_batches(expired.order_by(Draft.expires_at), _delete_drafts)


def purge_forms_of(petition_id: int, notice_id: int) -> int:
    """Delete what forms said under a notice, drafts and copies; return how many. Those in somebody's hands stay."""
    drafts = select(Draft.public_id).where(Draft.petition_id == petition_id, Draft.notice_id == notice_id)
    copies = select(FormCopy.public_id).where(FormCopy.petition_id == petition_id, FormCopy.notice_id == notice_id)
    return in_batches(drafts.order_by(Draft.email_key), _delete_drafts) + in_batches(
        copies.order_by(FormCopy.until), _delete_form_copies
    )


def _delete_drafts(session: Session, ids: Sequence[bytes]) -> int:
    free = set(ids) - _with_held_letters(session, ids)
    gone = delete(Draft).where(is_one_of(Draft.public_id, [*free]))
    session.execute(gone.execution_options(synchronize_session=False))
    return len(free)


def _with_held_letters(session: Session, ids: Sequence[bytes]) -> set[bytes | None]:
    """Lock the letters to these drafts; return those drafts whose letters somebody else holds, for another time.

    Letters come first in the lock order, and the drafts are locked: who confirms another draft of the mailbox may hold
    its letters, and wait for the draft.
    """
    of_drafts = is_one_of(OutboxRow.draft_id, ids)
    locked = session.scalars(select(OutboxRow.id).where(of_drafts).with_for_update(skip_locked=True)).all()
    return set(session.scalars(select(OutboxRow.draft_id).where(of_drafts, ~is_one_of(OutboxRow.id, locked))))


def purge_form_copies() -> int:
    """Delete copies of forms that cannot be sent out again any more; return how many."""
    over = select(FormCopy.public_id).where(FormCopy.until <= clock.now())
    return in_batches(over.order_by(FormCopy.until), _delete_form_copies)


def _delete_form_copies(session: Session, ids: Sequence[bytes]) -> None:
    copies = delete(FormCopy).where(is_one_of(FormCopy.public_id, ids))
    session.execute(copies.execution_options(synchronize_session=False))


def purge_ended_emails() -> int:
    """Delete outbox rows that ended a week ago; return how many."""
    ended = OutboxRow.ended_at < clock.now() - ENDED_EMAILS_RETENTION

    def purge(session: Session, ids: Sequence[int]) -> None:
        these = is_one_of(OutboxRow.id, ids)
        keep_numbers(session, these)
        session.execute(delete(OutboxRow).where(these).execution_options(synchronize_session=False))

    return in_batches(select(OutboxRow.id).where(ended).order_by(OutboxRow.ended_at), purge)


def purge_returned_emails() -> int:
    """Delete which e-mails came back a week ago or earlier: the rows of these are gone by then; return how many."""
    old = ReturnedEmail.at < clock.now() - ENDED_EMAILS_RETENTION

    def purge(session: Session, ids: Sequence[bytes]) -> None:
        gone = delete(ReturnedEmail).where(is_one_of(ReturnedEmail.public_id, ids))
        session.execute(gone.execution_options(synchronize_session=False))

    return in_batches(select(ReturnedEmail.public_id).where(old).order_by(ReturnedEmail.at), purge)


def purge_spent_proofs() -> int:
    """Delete used proofs of work that have expired, and so do not work anyway; return how many."""
    expired = SpentProof.until < clock.now()

    def purge(session: Session, keys: Sequence[bytes]) -> None:
        session.execute(
            delete(SpentProof).where(is_one_of(SpentProof.key, keys)).execution_options(synchronize_session=False)
        )

    return in_batches(select(SpentProof.key).where(expired).order_by(SpentProof.until), purge)


def forget_declined() -> int:
    """Forget what is known of mailboxes that declined, once it has no use; return how many.

    The mark is deleted when the petition has closed, as nobody can sign then; its `unwanted` is erased when declining
    cannot be undone any more, with that of the mailbox's other marks: undoing those no longer brings its letters back.
    """
    now = clock.now()
    closed = select(Petition.id).where(Petition.closes_at <= now)
    of_closed = select(Declined.email_key).where(Declined.petition_id.in_(closed))
    with_unwanted = select(Declined.email_key).where(Declined.unwanted.is_not(None), Declined.undo_until < now)

    def delete_marks(session: Session, keys: Sequence[bytes]) -> None:
        marks = delete(Declined).where(is_one_of(Declined.email_key, keys))
        session.execute(marks.execution_options(synchronize_session=False))

    def erase_unwanted(session: Session, keys: Sequence[bytes]) -> None:
        for_good = aliased(Declined)
        mailboxes = select(for_good.unwanted).where(is_one_of(for_good.email_key, keys))
        marks = update(Declined).where(Declined.unwanted.in_(mailboxes)).values(unwanted=None)
        session.execute(marks.execution_options(synchronize_session=False))

    return in_batches(of_closed, delete_marks) + in_batches(with_unwanted, erase_unwanted)
