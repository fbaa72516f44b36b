"""Read what came back, from wherever the operator has it delivered: a pipe, a Maildir, or a mailbox by IMAP.

What is about an e-mail of this site and was understood is removed once the database has it. All else stays where it is,
marked as read: it may be somebody's answer, or somebody else's mailbox.
"""

from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path
from typing import BinaryIO

from flask import current_app

from app.bounces.apply import Outcome, take
from app.bounces.imap import read_imap
from app.bounces.maildir import read_maildir
from app.bounces.parts import MAX_BYTES
from app.bounces.place import CannotRead
from app.bounces.verdict import Kind

STAYING: frozenset[Kind | Outcome] = frozenset({Kind.NOTHING, Outcome.FOREIGN})


def read_stream(stream: BinaryIO, recipients: Collection[str]) -> Kind | Outcome:
    """Take one message from a stream, to its end, or who writes it would fail; return what became of it."""
    raw = stream.read(MAX_BYTES)
    while stream.read(MAX_BYTES):
        pass
    return take(raw, [*recipients])


def read_configured(stopping: Callable[[], bool] = lambda: False) -> int:
    """Take what has come to the Maildir and to the mailbox that settings name; return how many messages.

    Raises CannotRead once all is taken that can be, for a place or messages in it that cannot be read.
    """
    config = current_app.config
    taken, trouble = take_all(config["BOUNCE_MAILDIR"], config["BOUNCE_IMAP_URL"], stopping)
    if trouble:
        raise CannotRead(trouble)
    return taken.total()


def take_all(
    maildir: Path | None, imap_url: str | None, stopping: Callable[[], bool] = lambda: False
) -> tuple[Counter[Kind | Outcome], str]:
    """Take what is new in a Maildir and unread in the folder that an IMAP URL names, in each that is given.

    Return how many messages became what, and in words for the operator what cannot be read, empty if nothing.
    """
    taken: Counter[Kind | Outcome] = Counter()
    troubles = []
    try:
        if maildir:
            read_maildir(maildir, _taker(taken), stopping)
    except CannotRead as error:
        troubles.append(str(error))
    try:
        if imap_url:
            read_imap(imap_url, _taker(taken), stopping)
    except CannotRead as error:
        troubles.append(str(error))
    return taken, "; ".join(troubles)


def _taker(taken: Counter[Kind | Outcome]) -> Callable[[bytes], bool]:
    def take_one(raw: bytes) -> bool:
        """Take a message; return whether it is done with."""
        outcome = take(raw)
        taken[outcome] += 1
        return outcome not in STAYING

    return take_one
