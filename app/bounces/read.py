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

    Raises CannotRead for a place that cannot be read.
    """
    maildir, imap_url = current_app.config["BOUNCE_MAILDIR"], current_app.config["BOUNCE_IMAP_URL"]
    taken: Counter[Kind | Outcome] = Counter()
    if maildir:
        taken += take_all_of_maildir(maildir, stopping)
    if imap_url:
        taken += take_all_by_imap(imap_url, stopping)
    return taken.total()


def take_all_of_maildir(path: Path, stopping: Callable[[], bool] = lambda: False) -> Counter[Kind | Outcome]:
    """Take what is new in a Maildir; return how many messages became what. Raises CannotRead."""
    taken: Counter[Kind | Outcome] = Counter()
    read_maildir(path, _taker(taken), stopping)
    return taken


def take_all_by_imap(url: str, stopping: Callable[[], bool] = lambda: False) -> Counter[Kind | Outcome]:
    """Take what is unread in the folder that an IMAP URL names; return as `take_all_of_maildir`, and raise as that."""
    taken: Counter[Kind | Outcome] = Counter()
    read_imap(url, _taker(taken), stopping)
    return taken


def _taker(taken: Counter[Kind | Outcome]) -> Callable[[bytes], bool]:
    def take_one(raw: bytes) -> bool:
        """Take a message; return whether it is done with."""
        outcome = take(raw)
        taken[outcome] += 1
        return outcome not in STAYING

    return take_one
