"""The mailbox limit: how many letters strangers can cause to one mailbox within a day.

Most servers deliver ann+tag@ to ann@, so letters to both count for one mailbox; where it is somebody else's or nobody's
address, whoever types tags must not use up ann's letters. So tags can take all of them but the last; and at a provider
with several domains, where a name may not arrive at all of them, each domain counts by itself.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app import clock
from app.crypto import tokens
from app.db import advisory_lock, is_one_of
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
    """Tell whether another letter that strangers can cause went to one of these after `since`, in the last day."""
    return DaysLetters(session, mailboxes, clock.now()).went_to(row, mailboxes, since)


def has_room(session: Session, row: OutboxRow, now: datetime, mailboxes: Sequence[bytes] | None = None) -> bool:
    """Tell whether this letter may go out now; if it does, the caller sets its `allowed_at` in the same transaction.

    `mailboxes` are those that letters to where it goes are counted for, if that is not what was typed.
    """
    if row.mailbox is None:
        return True
    mailboxes = mailboxes or [row.mailbox]
    return DaysLetters(session, mailboxes, now).leave_room(row, mailboxes)


class CountedLetter(Protocol):
    """A letter as it is counted: a row of the outbox, or these columns of one."""

    @property
    def id(self) -> int: ...
    @property
    def petition_id(self) -> int | None: ...
    @property
    def mailbox(self) -> bytes | None: ...
    @property
    def is_tagged(self) -> bool: ...


class DaysLetters:
    """The letters that went to some mailboxes within a day, for deciding on more. These mailboxes are locked.

    A letter that is tried again counts from its last try, as it may arrive then. One that was refused for good filled
    nobody's mailbox and does not count: made-up spellings of a mailbox must not use up its letters.
    """

    def __init__(self, session: Session, mailboxes: Collection[bytes], now: datetime) -> None:
        """Lock these mailboxes until the caller's transaction ends, and read what went to them."""
        advisory_lock(session, *mailboxes)
        within_day = is_one_of(OutboxRow.mailbox, [*mailboxes]) & (OutboxRow.allowed_at > now - WINDOW)
        went_out = within_day & (OutboxRow.progress != OutboxProgress.FAILED)
        self._letters: dict[bytes, dict[int, tuple[CountedLetter, datetime]]] = defaultdict(dict)
        for letter in session.execute(select(*_COUNTED, OutboxRow.allowed_at).where(went_out)):
            self.add(letter, letter.allowed_at)

    def add(self, letter: CountedLetter, at: datetime) -> None:
        """Count a letter that goes out at that moment, and no more from an earlier try."""
        if letter.mailbox is not None:
            self._letters[letter.mailbox][letter.id] = (letter, at)

    def went_to(self, letter: CountedLetter, mailboxes: Iterable[bytes], since: datetime) -> bool:
        """Tell whether another letter went to one of these mailboxes after `since`.

        Here tags count like the mailbox itself: who wants no letters is promised one a day at most.
        """
        return any(allowed_at > since for _, allowed_at in self._others(letter, mailboxes))

    def leave_room(self, letter: CountedLetter, mailboxes: Iterable[bytes]) -> bool:
        """Tell whether one more letter may go to these, which are one mailbox."""
        others = [other for other, _ in self._others(letter, mailboxes)]
        of_petition = [other for other in others if other.petition_id == letter.petition_id]
        in_site, in_petition = len(others), len(of_petition)
        tagged = sum(other.is_tagged for other in of_petition)
        if letter.is_tagged:
            return in_petition < PER_PETITION and tagged < PER_PETITION - 1 and in_site < PER_SITE
        is_first = in_petition == tagged and in_site < PER_SITE_WITH_FIRST
        return in_petition < PER_PETITION and (in_site < PER_SITE or is_first)

    def _others(self, letter: CountedLetter, mailboxes: Iterable[bytes]) -> list[tuple[CountedLetter, datetime]]:
        to_them = {key: one for mailbox in mailboxes for key, one in self._letters.get(mailbox, {}).items()}
        return [one for key, one in to_them.items() if key != letter.id]


def _to_mailbox_of(row: OutboxRow) -> ColumnElement[bool]:
    return (OutboxRow.mailbox == row.mailbox) & (OutboxRow.id != row.id)


_COUNTED = (OutboxRow.id, OutboxRow.petition_id, OutboxRow.mailbox, OutboxRow.is_tagged)
