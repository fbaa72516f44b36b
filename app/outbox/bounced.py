"""Bounced: mailboxes that get no more e-mails, since there is none by that address, or since it called one spam.

Others that reach the same mailbox, such as addresses with a tag at most providers, are left alone: they may be
somebody else's. That there is no mailbox is forgotten after a while, as there may be one by then, and as a mail server
that is set up wrongly for an hour says so of everybody's.
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from app import clock
from app.crypto.tokens import ID_BYTES
from app.db import in_batches, insert, is_one_of
from app.email.address import canonical
from app.models import BouncedMailbox, OutboxRow, Returned, ReturnedEmail
from app.models.site import mailbox_hasher

PURPOSE = "bounced:"  # so that these hashes differ from those of other tables
FORGOTTEN_AFTER = timedelta(days=30)
MAX_DELAY = timedelta(days=7)  # as long as the row of the e-mail is kept


def mailbox_finder(session: Session) -> Callable[[str], bytes]:
    """Return the function that gives the 16-byte keyed hash of the mailbox of a deliverable address."""
    hashed = mailbox_hasher(session, PURPOSE)
    return lambda address: hashed(canonical(address))[:ID_BYTES]


def find_bounced(session: Session, address: str) -> BouncedMailbox | None:
    """Return what is known of the mailbox of an address that gets no e-mails; None if it gets them."""
    return session.get(BouncedMailbox, mailbox_finder(session)(address), populate_existing=True)


def bounced_among(session: Session, mailboxes: Collection[bytes]) -> dict[bytes, BouncedMailbox]:
    """Return those of these mailboxes that get no e-mails."""
    bounced = select(BouncedMailbox).where(is_one_of(BouncedMailbox.mailbox, [*mailboxes]))
    return {row.mailbox: row for row in session.scalars(bounced.execution_options(populate_existing=True))}


def end_emails(session: Session, address: str, kind: Returned, now: datetime, delay: timedelta) -> None:
    """Let no more e-mails go to the mailbox of an address; the first came back after that delay. The caller commits."""
    seconds = int(max(timedelta(0), min(delay, MAX_DELAY)).total_seconds())
    new = insert(BouncedMailbox).values(
        mailbox=mailbox_finder(session)(address), kind=kind, since=now, delay_seconds=seconds
    )
    if kind == Returned.COMPLAINT:  # is not forgotten, so it stands
        new = new.on_conflict_do_update(index_elements=["mailbox"], set_={"kind": kind, "since": now})
    else:
        new = new.on_conflict_do_nothing()
    session.execute(new)


def lift(session: Session, address: str) -> bool:
    """Let e-mails go to the mailbox of an address again; return whether none did. The caller commits."""
    mailbox = mailbox_finder(session)(address)
    gone = delete(BouncedMailbox).where(BouncedMailbox.mailbox == mailbox).returning(BouncedMailbox.mailbox)
    return session.scalars(gone.execution_options(synchronize_session=False)).first() is not None


def leave_unsent(session: Session, row: OutboxRow, bounced: BouncedMailbox, now: datetime) -> None:
    """Record that a row gets no e-mail since others to its mailbox came back, to be shown when that one would have."""
    record_unsent(session, [(row.public_id, row.petition_id, bounced)], now)


def record_unsent(
    session: Session, unsent: Collection[tuple[bytes, int | None, BouncedMailbox]], now: datetime
) -> None:
    """Record what `leave_unsent` does, for many: public id and petition of each row, and its mailbox.

    That a mailbox has complained is shown to nobody: only its reader did, and whoever types an address is a stranger.
    """
    rows = [
        {
            "public_id": public_id,
            "petition_id": petition_id,
            "kind": Returned.UNSENT,
            "at": now,
            "shown_at": now + bounced.delay if bounced.kind == Returned.HARD else None,
        }
        for public_id, petition_id, bounced in unsent
    ]
    if rows:
        session.execute(insert(ReturnedEmail).values(rows).on_conflict_do_nothing())


def forget_bounced() -> int:
    """Forget that there was no mailbox, after a month; return of how many."""
    return _forget(BouncedMailbox.since < clock.now() - FORGOTTEN_AFTER)


def forget_since(moment: datetime) -> int:
    """Forget of which mailboxes it was said since a moment that there are none; return of how many."""
    return _forget(BouncedMailbox.since >= moment)


def _forget(which: ColumnElement[bool]) -> int:
    def forget(session: Session, mailboxes: Collection[bytes]) -> None:
        gone = delete(BouncedMailbox).where(is_one_of(BouncedMailbox.mailbox, [*mailboxes]))
        session.execute(gone.execution_options(synchronize_session=False))

    are_hard = select(BouncedMailbox.mailbox).where(which, BouncedMailbox.kind == Returned.HARD)
    return in_batches(are_hard.order_by(BouncedMailbox.since), forget)
