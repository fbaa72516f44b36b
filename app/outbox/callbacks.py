"""What other layers do for a letter, called by app/outbox/deliver.py."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.email.letter import Letter
from app.email.pipelining import ReadyMessage
from app.models import OutboxRow


class FormRow(NamedTuple):
    """The row in the outbox of a form that asks for a letter.

    Its draft is gone when the mailbox has declined, or confirmed another. It has a signature once its letter was one
    about that. `turn_at` is when it was counted as a request, if it was.
    """

    id: int
    public_id: bytes
    draft_id: bytes | None
    petition_id: int
    mailbox: bytes
    is_tagged: bool
    signature_id: int | None
    turn_at: datetime | None


class LetterOfForm(NamedTuple):
    """The letter that a form gets, if any; the signature that it is about, if its mailbox has one; and its turn."""

    message: ReadyMessage | None
    signature_id: int | None
    turn_at: datetime | None


class OnceLetter(NamedTuple):
    """A letter that must never come twice, and the condition under which it still is to be sent."""

    message: ReadyMessage
    still_due: ColumnElement[bool]


Choose = Callable[[OutboxRow], Callable[[], Letter] | None]
Ended = Callable[[Session, OutboxRow, datetime], None]
WriteMany = Callable[[Session, Sequence[FormRow], datetime], dict[int, LetterOfForm]]
EndedMany = Callable[[Session, Mapping[bytes, datetime], Sequence[bytes]], None]
WriteOnce = Callable[[Session, Sequence[int]], dict[int, OnceLetter | None]]
DomainsOf = Callable[[Collection[int]], Mapping[int, str]]
TakeBackMany = Callable[[Session, Sequence[bytes]], None]


@dataclass(frozen=True, slots=True)
class LetterCallbacks:
    """The callbacks.

    `choose` returns the function that writes the message of a row, or None if none is to be sent: it is called again
    for a letter that must wait, so it does little. `ended` is called when a row is done, sent or not, in the
    transaction that records it, with the moment when it was sent.

    `write_many` gets the locked rows of many forms, and returns by their ids what each gets; `choose` has the others.
    `ended_many` is for those what `ended` is for one: it gets the drafts whose letters were sent, and when, and those
    that get none or one about a signature. `take_back_many` gets those whose letters were written and not handed over:
    they are decided anew.

    `domains_of` gets the ids of rows, and returns by them the domains (in ASCII, lower case) that were typed, or that a
    signature or account has: not where an e-mail goes for it, which tells what the mailbox has confirmed.

    `write_once` is for letters that must never come twice (see app/outbox/send_once.py). It gets the ids of rows, and
    returns by them what each gets, None for nothing; those that are not to be sent at present it leaves out.
    """

    choose: Choose
    ended: Ended
    write_many: WriteMany
    ended_many: EndedMany
    take_back_many: TakeBackMany
    domains_of: DomainsOf
    write_once: WriteOnce
