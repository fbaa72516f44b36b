"""The mailbox limit: how many letters strangers can cause to one mailbox within a day.

Most servers deliver ann+tag@ to ann@, so all tags count for one mailbox. Where it is somebody else's or nobody's
address, whoever types tags must not use up ann's letters: so tags have a share of their own, which takes nothing from
hers. At a provider with several domains, where a name may not arrive at all of them, each domain counts by itself.
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
PER_PETITION_TO_TAGS = 2
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
    """Return the condition for other rows that can take this one's place: to its mailbox, with tags if it has one."""
    is_alike = OutboxRow.is_tagged if row.is_tagged else ~OutboxRow.is_tagged
    return (OutboxRow.mailbox == row.mailbox) & (OutboxRow.id != row.id) & is_alike


def per_petition(*, is_tagged: bool) -> int:
    """Return how many letters about a petition may go to a mailbox in a day, by addresses with a tag or without."""
    return PER_PETITION_TO_TAGS if is_tagged else PER_PETITION


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


class DaysLetters:
    """The letters that went to some mailboxes within a day, for deciding on more. These mailboxes are locked.

    A letter that is tried again counts from its last try, as it may arrive then. One that was refused for good filled
    nobody's mailbox and does not count: made-up spellings of a mailbox must not use up its letters.

    Between addresses with tags, requests count instead: those may be two people, and who sees how many letters are left
    for one of them must not learn whether the other got any, as that tells what it has signed.
    """

    def __init__(self, session: Session, mailboxes: Collection[bytes], now: datetime) -> None:
        """Lock these mailboxes until the caller's transaction ends, and read what went to them."""
        advisory_lock(session, *mailboxes)
        self._day = now - WINDOW
        lately = is_one_of(OutboxRow.mailbox, [*mailboxes]) & (OutboxRow.allowed_at > self._day)
        self._letters: dict[bytes, dict[int, _Counted]] = defaultdict(dict)
        for row in session.execute(select(OutboxRow.id, OutboxRow.mailbox, *_COUNTED).where(lately)):
            counted = _Counted(row.petition_id, row.is_tagged, row.allowed_at, row.progress, row.turn_at)
            self._letters[row.mailbox][row.id] = counted

    def add(self, row: AskingRow, at: datetime, turn_at: datetime | None, *, is_silent: bool) -> None:
        """Count a letter that goes out at that moment, or only its request, and no more from an earlier try."""
        if row.mailbox is not None:
            progress = OutboxProgress.SILENT if is_silent else OutboxProgress.WAITING
            counted = _Counted(row.petition_id, row.is_tagged, at, progress, turn_at)
            self._letters[row.mailbox][row.id] = counted

    def went_to(self, row: AskingRow, mailboxes: Iterable[bytes], since: datetime) -> bool:
        """Tell whether another letter went to one of these mailboxes after `since`.

        Here tags count like the mailbox itself: who wants no letters is promised one a day at most.
        """
        others = self._others(row, mailboxes)
        return any(one.allowed_at > since and one.progress not in _NOTHING for one in others)

    def leave_room(self, row: AskingRow, mailboxes: Iterable[bytes]) -> bool:
        """Tell whether one more letter may go to these, which are one mailbox."""
        if row.is_tagged:
            return self.leave_turn(row)
        letters = [one for one in self._others(row, mailboxes) if one.progress not in _NOTHING]
        return _leave_room(row, letters)

    def leave_turn(self, row: AskingRow) -> bool:
        """Tell whether this one counts as a request, which goes by what was typed alone."""
        others = self._others(row, [row.mailbox] if row.mailbox else [])
        return _leave_room(row, [one for one in others if one.turn_at is not None and one.turn_at > self._day])

    def _others(self, row: AskingRow, mailboxes: Iterable[bytes]) -> list[_Counted]:
        to_them = {key: one for mailbox in mailboxes for key, one in self._letters.get(mailbox, {}).items()}
        return [one for key, one in to_them.items() if key != row.id]


def _leave_room(row: AskingRow, others: Sequence[_Counted]) -> bool:
    alike = [other for other in others if other.is_tagged == row.is_tagged]
    in_site, in_petition = len(alike), sum(other.petition_id == row.petition_id for other in alike)
    is_first = in_petition == 0 and in_site < PER_SITE_WITH_FIRST and not row.is_tagged
    return in_petition < per_petition(is_tagged=row.is_tagged) and (in_site < PER_SITE or is_first)


_NOTHING = {OutboxProgress.FAILED, OutboxProgress.SILENT}  # of these, nothing has arrived
_COUNTED = (
    OutboxRow.petition_id,
    OutboxRow.is_tagged,
    OutboxRow.allowed_at,
    OutboxRow.progress,
    OutboxRow.turn_at,
)
