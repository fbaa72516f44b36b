"""The journal of erasures, as files that outlive the database: one for each day (UTC), a line for each change.

A line is a moment, a word of `Change`, its key, and the keyed hash by which it is known for the site's own, in
hexadecimal. They are in the order in which the changes were made, whatever the clock said then. Each is written with an
end of line on both sides, so that one which a full disk cut off spoils no other.
"""

import hmac
import logging
import os
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from flask import current_app
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import clock
from app.db import in_batches
from app.models import Change, JournalEntry
from app.models.journal import mac_of
from config import sync

log = logging.getLogger(__name__)
KEPT = timedelta(days=366)
SUFFIX = ".log"


class Line(NamedTuple):
    """One change, and when it was made."""

    at: datetime
    change: Change
    key: bytes
    mac: bytes

    def __str__(self) -> str:
        return f"{self.at.isoformat()} {self.change} {self.key.hex()} {self.mac.hex()}"

    def is_genuine(self) -> bool:
        """Tell whether this site wrote it, whose database is in use."""
        return hmac.compare_digest(self.mac, mac_of(self.change, self.key, self.at))


def write_journal() -> int:
    """Move the journal's new rows from the database to today's file; return how many.

    They are in the file, and on the disk, before they are deleted: after a fault they may be in it twice, which does no
    harm. Files older than KEPT are deleted.
    """
    folder: Path = current_app.config["ERASURES_DIR"]
    file = _file_to_go_on(folder)

    def move(session: Session, ids: Sequence[int]) -> None:
        rows = session.scalars(select(JournalEntry).where(JournalEntry.id.in_(ids)).order_by(JournalEntry.id))
        lines = [Line(row.at, row.change, row.key, row.mac) for row in rows]
        genuine = [line for line in lines if line.is_genuine()]
        if len(genuine) < len(lines):
            log.error("%s rows in the journal of erasures are not the site's own", len(lines) - len(genuine))
        # Of what was done and undone again and again the last of each is enough, so that nobody fills the disk with it.
        # What was undone is kept too: the drafts that declining had closed stay closed.
        last = {(line.change, line.key): number for number, line in enumerate(genuine)}
        _append(file, [line for number, line in enumerate(genuine) if last[line.change, line.key] == number])
        done = delete(JournalEntry).where(JournalEntry.id.in_(ids))
        session.execute(done.execution_options(synchronize_session=False))

    number = in_batches(select(JournalEntry.id).order_by(JournalEntry.id), move)
    if number:
        oldest = f"{clock.now() - KEPT:%Y-%m-%d}"
        for path in folder.glob(f"*{SUFFIX}"):
            if path.stem < oldest:
                path.unlink(missing_ok=True)
    return number


def _file_to_go_on(folder: Path) -> Path:
    """Return today's file; tomorrow's if that is there, as the clock was set back: lines stay in order."""
    today, tomorrow = (folder / f"{clock.now() + timedelta(days=days):%Y-%m-%d}{SUFFIX}" for days in (0, 1))
    return tomorrow if tomorrow.exists() else today


def _append(path: Path, lines: Sequence[Line]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = "".join(f"\n{line}\n" for line in lines)
    with open(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as file:
        file.write(text.encode("ascii"))
        file.flush()
        os.fsync(file.fileno())
    sync(path.parent)


def read_journal(folder: Path) -> Iterator[Line | None]:
    """Yield each line of the files in a folder, the oldest file first; None for one that is damaged."""
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        for text in path.read_text("ascii", errors="replace").splitlines():
            if text:
                yield _parse(text)


def _parse(text: str) -> Line | None:
    try:
        at, change, key, mac = text.split(" ")
        moment = datetime.fromisoformat(at)
        return Line(moment, Change(change), bytes.fromhex(key), bytes.fromhex(mac)) if moment.tzinfo and key else None
    except ValueError:
        return None
