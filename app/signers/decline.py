"""Decline: "it was not me", from the link in a confirmation letter; and how it is undone."""

from datetime import timedelta

from app import clock
from app.db import insert, transaction
from app.models import Declined
from app.models.signer import signer_of
from app.outbox import unwanted
from app.signing.draft import close_drafts, declined_mark, find_draft, lock_mailbox

UNDO_PERIOD = timedelta(days=7)


def decline(public_id: bytes, *, never_again: bool = False) -> bool:
    """Mark the mailbox of a draft as declined and close all its drafts; return False if that draft is not open.

    Until the petition closes, or this is undone, signing with that mailbox has no effect and sends no letter. What the
    mailbox has confirmed stays. With `never_again` the site writes to it about no petition any more.
    """
    now = clock.now()
    with transaction() as session:
        drafts = lock_mailbox(session, public_id)
        entry = find_draft(public_id)
        if entry is None or not entry.is_confirmable(now):
            return False
        draft = entry.draft
        mailbox = unwanted.mailbox_of(session, signer_of(draft).email) if never_again else None
        if mailbox:
            unwanted.stop_emails(session, mailbox, now)
        mark = {"petition_id": draft.petition_id, "undo_until": now + UNDO_PERIOD, "unwanted": mailbox}
        new = insert(Declined).values(email_key=draft.email_key, **mark)
        session.execute(new.on_conflict_do_update(index_elements=["email_key"], set_=mark))
        close_drafts(session, [one.public_id for one in drafts], now, expires_at=now + UNDO_PERIOD)
    return True


def undo_decline(public_id: bytes) -> bool:
    """Take the mark from the mailbox of a draft, so that it can sign again; return whether that was possible.

    If declining had also stopped all letters to the mailbox, they go out again. The drafts stay closed.
    """
    with transaction() as session:
        lock_mailbox(session, public_id)
        entry = find_draft(public_id)
        mark = declined_mark(session, entry.draft) if entry else None
        if mark is None or mark.undo_until <= clock.now():
            return False
        if mark.unwanted:
            unwanted.resume_emails(session, mark.unwanted)
        session.delete(mark)
    return True
