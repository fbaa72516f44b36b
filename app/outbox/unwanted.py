"""Unwanted: mailboxes that unsubscribed from all e-mails about petitions of this site."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.crypto.tokens import ID_BYTES
from app.db import insert
from app.email.address import without_tag
from app.models import Unwanted
from app.models.site import mailbox_hash

PURPOSE = "unwanted:"  # so that these hashes differ from those of organisers' mailboxes


def mailbox_of(session: Session, address: str) -> bytes:
    """Return the 16-byte keyed hash of the mailbox of a deliverable address.

    Unsubscribe links hold it, so that they work even after the signature is erased.
    """
    return mailbox_hash(session, without_tag(address), PURPOSE)[:ID_BYTES]


def is_unwanted(session: Session, mailbox: bytes) -> bool:
    """Tell whether a mailbox has unsubscribed."""
    return session.get(Unwanted, mailbox, populate_existing=True) is not None


def stop_emails(session: Session, mailbox: bytes, now: datetime) -> None:
    """Unsubscribe a mailbox from the letters of all petitions of the site; the caller commits."""
    session.execute(insert(Unwanted).values(mailbox=mailbox, since=now).on_conflict_do_nothing())


def resume_emails(session: Session, mailbox: bytes) -> None:
    """Let letters go to a mailbox again; the caller commits."""
    stopped = delete(Unwanted).where(Unwanted.mailbox == mailbox)
    session.execute(stopped.execution_options(synchronize_session=False))
