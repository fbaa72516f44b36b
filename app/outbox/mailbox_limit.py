"""The mailbox limit: how many letters strangers can cause to one mailbox within a day.

Most servers deliver ann+tag@ to ann@, so letters to both count for one mailbox; where it is somebody else's or nobody's
address, whoever types tags must not use up ann's letters. So tags can take all of them but the last; and at a provider
with several domains, where a name may not arrive at all of them, each domain counts by itself.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app import clock
from app.crypto import tokens
from app.db import advisory_lock
from app.email.address import all_counted_as, counted_as, is_tagged
from app.models import OutboxProgress, OutboxRow

WINDOW = timedelta(hours=24)
PER_PETITION = 3
PER_SITE = 6
# The first letter of the day about a petition goes out beyond PER_SITE, up to this many, so that nobody can keep a
# petition's letter from a mailbox by typing its address elsewhere on the site.
PER_SITE_WITH_FIRST = 20


class CountedMailbox(NamedTuple):
    """The site-wide keyed hash of a mailbox that letters are counted for, and whether the address has a tag."""

    key: bytes
    is_tagged: bool


def counted_mailbox(address: str) -> CountedMailbox:
    """Return the mailbox that letters to a deliverable address, as it was typed, are counted for."""
    return CountedMailbox(tokens.keyed_hash("mailbox", counted_as(address)), is_tagged=is_tagged(address))


def competes_with(row: OutboxRow) -> ColumnElement[bool]:
    """Return the condition for other rows that can take this one's place: to its mailbox, tagged only if it is."""
    return _to_mailbox_of(row) if row.is_tagged else _to_mailbox_of(row) & ~OutboxRow.is_tagged


def all_spellings(address: str) -> list[bytes]:
    """Return the keys that letters to this mailbox are counted for, at whichever domain of its provider it is spelt."""
    return [tokens.keyed_hash("mailbox", spelt) for spelt in all_counted_as(address)]


def was_written_to(session: Session, row: OutboxRow, mailboxes: Sequence[bytes], since: datetime) -> bool:
    """Tell whether another letter that strangers can cause went to one of these after `since`, in the last day.

    Here tags count like the mailbox itself: who wants no letters is promised one a day at most. One that was refused
    for good does not count, as in `has_room`.
    """
    advisory_lock(session, *mailboxes)
    others = select(OutboxRow.id).where(
        _went_out(row, mailboxes), OutboxRow.allowed_at > max(since, clock.now() - WINDOW)
    )
    return session.scalars(others.limit(1)).first() is not None


def lock_and_find_written_to(session: Session, mailboxes: Collection[bytes], now: datetime) -> set[bytes]:
    """Return those of many mailboxes that a letter went to within a day; the others have room for one."""
    advisory_lock(session, *mailboxes)
    counted = OutboxRow.mailbox.in_(mailboxes) & (OutboxRow.allowed_at > now - WINDOW)
    return set(session.scalars(select(OutboxRow.mailbox).where(counted)))


def has_room(session: Session, row: OutboxRow, now: datetime, mailboxes: Sequence[bytes] | None = None) -> bool:
    """Tell whether this letter may go out now; if it does, the caller sets its `allowed_at` in the same transaction.

    `mailboxes` are those that letters to where it goes are counted for, if that is not what was typed. A letter that is
    tried again counts from its last try, as it may arrive then. One that was refused for good filled nobody's mailbox
    and does not count: made-up spellings of a mailbox must not use up its letters.
    """
    if row.mailbox is None:
        return True
    mailboxes = mailboxes or [row.mailbox]
    advisory_lock(session, *mailboxes)
    counted = _went_out(row, mailboxes) & (OutboxRow.allowed_at > now - WINDOW)
    of_petition = OutboxRow.petition_id == row.petition_id

    in_site, in_petition, tagged = session.execute(
        select(
            func.count(),
            func.count().filter(of_petition),
            func.count().filter(of_petition, OutboxRow.is_tagged),
        ).where(counted)
    ).one()
    if row.is_tagged:
        return bool(in_petition < PER_PETITION and tagged < PER_PETITION - 1 and in_site < PER_SITE)
    is_first = in_petition == tagged and in_site < PER_SITE_WITH_FIRST
    return bool(in_petition < PER_PETITION and (in_site < PER_SITE or is_first))


def _went_out(row: OutboxRow, mailboxes: Sequence[bytes]) -> ColumnElement[bool]:
    """Return the condition for other letters to these mailboxes that may have arrived, once they were written."""
    is_other = OutboxRow.mailbox.in_(mailboxes) & (OutboxRow.id != row.id)
    return is_other & (OutboxRow.progress != OutboxProgress.FAILED)


def _to_mailbox_of(row: OutboxRow) -> ColumnElement[bool]:
    return (OutboxRow.mailbox == row.mailbox) & (OutboxRow.id != row.id)
