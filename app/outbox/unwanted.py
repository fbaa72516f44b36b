"""Unwanted: mailboxes that unsubscribed from all e-mails about petitions of this site."""

from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.crypto.tokens import ID_BYTES
from app.db import insert, is_one_of
from app.email.address import without_plus
from app.models import Change, Declined, Unwanted
from app.models.journal import enter
from app.models.site import mailbox_hasher

PURPOSE = "unwanted:"  # so that these hashes differ from those of organisers' mailboxes


def mailbox_of(session: Session, address: str) -> bytes:
    """Return the 16-byte keyed hash of the mailbox of a deliverable address.

    Unsubscribe links hold it, so that they work even after the signature is erased.
    """
    return mailbox_finder(session)(address)


def mailbox_finder(session: Session) -> Callable[[str], bytes]:
    """Return the function that `mailbox_of` is, for many addresses."""
    hashed = mailbox_hasher(session, PURPOSE)
    return lambda address: hashed(without_plus(address))[:ID_BYTES]


def unwanted_since(session: Session, mailbox: bytes) -> datetime | None:
    """Return when a mailbox unsubscribed; None if it did not."""
    row = session.get(Unwanted, mailbox, populate_existing=True)
    return row.since if row else None


def is_among(session: Session, mailboxes: Collection[bytes]) -> Callable[[str], bool]:
    """Return a function that tells whether the mailbox of an address is among these, for many addresses."""
    if not mailboxes:
        return lambda address: False
    mailbox = mailbox_finder(session)
    return lambda address: mailbox(address) in mailboxes


def all_unwanted(session: Session) -> frozenset[bytes]:
    """Return all mailboxes that have unsubscribed."""
    return frozenset(session.scalars(select(Unwanted.mailbox)))


def unwanted_among(session: Session, mailboxes: Collection[bytes]) -> dict[bytes, datetime]:
    """Return those of these mailboxes that have unsubscribed, and when."""
    unsubscribed = select(Unwanted.mailbox, Unwanted.since).where(is_one_of(Unwanted.mailbox, [*mailboxes]))
    return {row.mailbox: row.since for row in session.execute(unsubscribed)}


def stop_emails(session: Session, mailbox: bytes, now: datetime) -> bool:
    """Unsubscribe a mailbox from the letters of all petitions of the site; return whether that is new.

    The caller commits. From now on it is on no list of addresses, and its consent to updates ends (see
    app/retention/consent.py).
    """
    stopped = insert(Unwanted).values(mailbox=mailbox, since=now).on_conflict_do_nothing()
    is_new = session.scalars(stopped.returning(Unwanted.mailbox)).first() is not None
    if is_new:
        enter(session, Change.UNWANTED, mailbox)
    return is_new


def resume_emails(session: Session, mailbox: bytes) -> bool:
    """Let letters go to a mailbox again; return whether none did. The caller commits."""
    stopped = delete(Unwanted).where(Unwanted.mailbox == mailbox).returning(Unwanted.mailbox)
    had_stopped = session.scalars(stopped.execution_options(synchronize_session=False)).first() is not None
    if had_stopped:
        # What is stopped anew later, no earlier "it was not me" lets go on when that is undone.
        by_declining = update(Declined).where(Declined.unwanted == mailbox).values(unwanted=None)
        session.execute(by_declining.execution_options(synchronize_session=False))
        enter(session, Change.WANTED, mailbox)
    return had_stopped
