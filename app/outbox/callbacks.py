"""What other layers do for a letter, called by app/outbox/deliver.py."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_mail import Message
from sqlalchemy.orm import Session

from app.email.pipelining import ReadyMessage
from app.models import OutboxRow

Choose = Callable[[OutboxRow], Callable[[], Message] | None]
Ended = Callable[[Session, OutboxRow, datetime], None]
WriteMany = Callable[[Session, Mapping[bytes, bytes], datetime], dict[bytes, ReadyMessage]]
SentMany = Callable[[Session, Mapping[bytes, datetime]], None]
TakeBackMany = Callable[[Session, Sequence[bytes]], None]


@dataclass(frozen=True, slots=True)
class LetterCallbacks:
    """The callbacks.

    `choose` returns the function that writes the message of a row, or None if none is to be sent: it is called again
    for a letter that must wait, so it does little. `ended` is called when a row is done, sent or not, in the
    transaction that records it.

    `write_many` gets the ids of drafts whose forms ask for a letter, each with the public id of its outbox row, and
    returns by the drafts' ids those letters that are copies of one mail merge; `choose` has the others. `sent_many` is
    for those what `ended` is for one; it gets when each was sent. `take_back_many` gets those that were written and not
    handed over: they are written anew, or decided one by one.
    """

    choose: Choose
    ended: Ended
    write_many: WriteMany
    sent_many: SentMany
    take_back_many: TakeBackMany
