"""Unwanted: mailboxes whose owners told this site never to write to them about petitions again."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.crypto.tokens import ID_BYTES
from app.db import insert
from app.email.address import without_tag
from app.models import Unwanted
from app.models.site import mailbox_hash

PURPOSE = "unwanted:"  # no mailbox's hash here is the same as an organiser's


def mailbox_of(session: Session, address: str) -> bytes:
    """Return the 16 bytes that stand for the mailbox of a deliverable address here, and in links that end its letters.

    So the links work when nothing else is left of what was signed.
    """
    return mailbox_hash(session, without_tag(address), PURPOSE)[:ID_BYTES]


def is_unwanted(session: Session, mailbox: bytes) -> bool:
    """Tell whether a mailbox wants no letter."""
    return session.get(Unwanted, mailbox, populate_existing=True) is not None


def stop_emails(session: Session, mailbox: bytes, now: datetime) -> None:
    """Let no petition's letter go to a mailbox any more, on the whole site; the caller commits."""
    session.execute(insert(Unwanted).values(mailbox=mailbox, since=now).on_conflict_do_nothing())


def resume_emails(session: Session, mailbox: bytes) -> None:
    """Let letters go to a mailbox again; the caller commits."""
    mine = delete(Unwanted).where(Unwanted.mailbox == mailbox)
    session.execute(mine.execution_options(synchronize_session=False))
