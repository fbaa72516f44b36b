"""Decline: "it was not me", from the link in a confirmation letter; and how it is undone."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import clock
from app.db import insert, transaction
from app.models import Change, Declined, Draft, Petition
from app.models.journal import enter
from app.models.signer import signer_of
from app.outbox import unwanted
from app.signing.draft import close_drafts, declined_mark, find_draft, lock_mailbox
from app.signing.email_key import sealed_email_key

UNDO_PERIOD = timedelta(days=7)


def decline(public_id: bytes, *, never_again: bool = False) -> bool:
    """Mark the mailbox of a draft as declined and close all its drafts; return False if that draft is not open.

    Until the petition closes, or this is undone, signing with that mailbox has no effect and sends no letter. What the
    mailbox has confirmed stays. With `never_again` the site writes to it about no petition any more. It goes by the
    address that is sealed: a draft under another mailbox's key declines for its own alone, here and after a restore.
    """
    now = clock.now()
    with transaction() as session:
        drafts = lock_mailbox(session, public_id)
        entry = find_draft(public_id)
        if entry is None or not entry.is_confirmable(now):
            return False
        draft = entry.draft
        email_key = sealed_email_key(entry.petition, draft)
        mailbox = unwanted.mailbox_of(session, signer_of(draft).email) if never_again else None
        by_this = bool(mailbox and (unwanted.stop_emails(session, mailbox, now) or _holds(session, mailbox)))
        _mark(session, entry.petition, email_key, now + UNDO_PERIOD, mailbox if by_this else None)
        closed = [one.public_id for one in drafts] if email_key == draft.email_key else [public_id]
        close_drafts(session, closed, now, expires_at=now + UNDO_PERIOD)
    return True


def decline_again(petition: Petition, email_key: bytes, at: datetime) -> bool:
    """Decline for a mailbox that did so `at` this moment, in a database that was restored from before it.

    Returns whether it had no mark; one that is there stays as it is.
    """
    of_mailbox = (Draft.petition_id == petition.id) & (Draft.email_key == email_key) & (Draft.signed_at <= at)
    with transaction() as session:
        locked = select(Draft).where(of_mailbox).order_by(Draft.public_id).with_for_update()
        drafts = session.scalars(locked.execution_options(populate_existing=True)).all()
        is_new = session.get(Declined, email_key, populate_existing=True) is None
        if is_new:
            _mark(session, petition, email_key, at + UNDO_PERIOD, None)
        close_drafts(session, [one.public_id for one in drafts], at, expires_at=at + UNDO_PERIOD)
    return is_new


def undo_decline(public_id: bytes) -> bool:
    """Take the mark from the mailbox of a draft, so that it can sign again; return whether that was possible.

    If declining had also stopped all letters to the mailbox, they go out again, unless it did so in another petition as
    well. The drafts stay closed.
    """
    with transaction() as session:
        lock_mailbox(session, public_id)
        entry = find_draft(public_id)
        mark = declined_mark(session, entry.draft) if entry else None
        if mark is None or mark.undo_until <= clock.now():
            return False
        stopped = mark.unwanted
        lift(session, [mark.email_key])
        if stopped and not _holds(session, stopped):
            unwanted.resume_emails(session, stopped)
    return True


def lift(session: Session, email_keys: Collection[bytes]) -> bool:
    """Delete the marks of these mailboxes; return whether there were any. The caller commits."""
    marks = (
        delete(Declined).where(Declined.email_key.in_(email_keys)).returning(Declined.email_key, Declined.petition_id)
    )
    lifted = session.execute(marks.execution_options(synchronize_session=False)).all()
    for email_key, petition_id in lifted:
        enter(session, Change.LIFTED, session.get_one(Petition, petition_id).public_id + email_key)
    return bool(lifted)


def _holds(session: Session, mailbox: bytes) -> bool:
    """Tell whether declining somewhere stopped all letters to a mailbox, and can still be undone."""
    return session.scalars(select(Declined.email_key).where(Declined.unwanted == mailbox).limit(1)).first() is not None


def _mark(session: Session, petition: Petition, email_key: bytes, undo_until: datetime, unwanted: bytes | None) -> None:
    mark = {"petition_id": petition.id, "undo_until": undo_until, "unwanted": unwanted}
    new = insert(Declined).values(email_key=email_key, **mark)
    session.execute(new.on_conflict_do_update(index_elements=["email_key"], set_=mark))
    enter(session, Change.DECLINED, petition.public_id + email_key)
