"""Unwanted: mailboxes whose owners told this site never to write to them about petitions again."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.db import insert
from app.email_address import canonical
from app.models import Unwanted
from app.models.site import mailbox_hash

PURPOSE = "unwanted:"  # no mailbox's hash here is the same as an organiser's


def is_unwanted(session: Session, address: str) -> bool:
    """Tell whether the mailbox of a deliverable address wants no letter."""
    return session.get(Unwanted, _mailbox(session, address), populate_existing=True) is not None


def stop(session: Session, address: str, now: datetime) -> None:
    """Let no petition's letter go to this mailbox any more, on the whole site; the caller commits."""
    refused = insert(Unwanted).values(mailbox=_mailbox(session, address), since=now)
    session.execute(refused.on_conflict_do_nothing())


def resume(session: Session, address: str) -> None:
    """Let letters go to this mailbox again; the caller commits."""
    mine = delete(Unwanted).where(Unwanted.mailbox == _mailbox(session, address))
    session.execute(mine.execution_options(synchronize_session=False))


def _mailbox(session: Session, address: str) -> bytes:
    return mailbox_hash(session, canonical(address), PURPOSE)
