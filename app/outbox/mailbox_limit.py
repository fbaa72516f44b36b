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


class AskingRow(Protocol):
    """A letter that is to be decided on: a row of the outbox, or these columns of one."""

    @property
    def id(self) -> int: ...
    @property
    def petition_id(self) -> int | None: ...
    @property
    def mailbox(self) -> bytes | None: ...
    @property
    def is_tagged(self) -> bool: ...


class _Counted(NamedTuple):
    """A letter or request; since `turn_at`, it counts as a request, whatever came of it."""

    petition_id: int | None
    is_tagged: bool
    allowed_at: datetime
    progress: OutboxProgress
    turn_at: datetime | None

    def is_request(self, after: datetime) -> bool:
        """Tell whether it counts as a request that was made after that moment."""
        return self.turn_at is not None and self.turn_at > after


class DaysLetters:
    """The letters that went to some mailboxes within a day, for deciding on more. These mailboxes are locked.

    A letter that is tried again counts from its last try, as it may arrive then. One that was refused for good filled
    nobody's mailbox and does not count: made-up spellings of a mailbox must not use up its letters.

    Between an address with a tag and one without, requests count instead: those may be two people, and who sees how
    many letters are left for one of them must not learn whether the other got any, as that tells what it has signed.
    For one with a tag, those of two days count for one without: letters beyond what counts as requests come within a
    day of these, so that in any day no more letters go to both than to one.
    """

    def __init__(self, session: Session, mailboxes: Collection[bytes], now: datetime) -> None:
        """Lock these mailboxes until the caller's transaction ends, and read what went to them."""
        advisory_lock(session, *mailboxes)
        self._day, self._two_days = now - WINDOW, now - 2 * WINDOW
        lately = is_one_of(OutboxRow.mailbox, [*mailboxes]) & (OutboxRow.allowed_at > self._two_days)
        self._letters: dict[bytes, dict[int, _Counted]] = defaultdict(dict)
        for row in session.execute(select(OutboxRow.id, OutboxRow.mailbox, *_COUNTED).where(lately)):
            counted = _Counted(row.petition_id, row.is_tagged, row.allowed_at, row.progress, row.turn_at)
            self._letters[row.mailbox][row.id] = counted

    def add(self, row: AskingRow, at: datetime, turn_at: datetime | None) -> None:
        """Count a letter that goes out at that moment, and no more from an earlier try."""
        if row.mailbox is not None:
            counted = _Counted(row.petition_id, row.is_tagged, at, OutboxProgress.WAITING, turn_at)
            self._letters[row.mailbox][row.id] = counted

    def went_to(self, row: AskingRow, mailboxes: Iterable[bytes], since: datetime) -> bool:
        """Tell whether another letter went to one of these mailboxes after `since`.

        Here tags count like the mailbox itself: who wants no letters is promised one a day at most.
        """
        others = self._others(row, mailboxes)
        return any(one.allowed_at > max(since, self._day) and one.progress not in _NOTHING for one in others)

    def leave_room(self, row: AskingRow, mailboxes: Iterable[bytes]) -> bool:
        """Tell whether one more letter may go to these, which are one mailbox."""
        return _leave_room(row, [one for one in self._others(row, mailboxes) if self._counts_for(row, one)])

    def leave_turn(self, row: AskingRow) -> bool:
        """Tell whether this one counts as a request, which goes by what was typed alone."""
        requests = [one for one in self._others(row, [row.mailbox] if row.mailbox else []) if one.is_request(self._day)]
        return _leave_room(row, requests)

    def _counts_for(self, row: AskingRow, other: _Counted) -> bool:
        """Tell whether another one takes room from this letter."""
        if row.is_tagged:
            return other.is_request(self._day if other.is_tagged else self._two_days)
        if other.is_tagged:
            return other.is_request(self._day) and other.progress != OutboxProgress.FAILED
        return other.allowed_at > self._day and other.progress not in _NOTHING

    def _others(self, row: AskingRow, mailboxes: Iterable[bytes]) -> list[_Counted]:
        to_them = {key: one for mailbox in mailboxes for key, one in self._letters.get(mailbox, {}).items()}
        return [one for key, one in to_them.items() if key != row.id]


def _leave_room(row: AskingRow, others: Sequence[_Counted]) -> bool:
    of_petition = [other for other in others if other.petition_id == row.petition_id]
    tagged = sum(other.is_tagged for other in of_petition)
    in_site, in_petition = len(others), len(of_petition)
    if row.is_tagged:
        return in_petition < PER_PETITION and tagged < PER_PETITION - 1 and in_site < PER_SITE
    plain = in_petition - tagged
    is_first = plain == 0 and in_site < PER_SITE_WITH_FIRST
    return plain + min(tagged, PER_PETITION - 1) < PER_PETITION and (in_site < PER_SITE or is_first)


def _to_mailbox_of(row: OutboxRow) -> ColumnElement[bool]:
    return (OutboxRow.mailbox == row.mailbox) & (OutboxRow.id != row.id)


_NOTHING = {OutboxProgress.FAILED, OutboxProgress.SILENT}  # of these, nothing has arrived
_COUNTED = (
    OutboxRow.petition_id,
    OutboxRow.is_tagged,
    OutboxRow.allowed_at,
    OutboxRow.progress,
    OutboxRow.turn_at,
)
