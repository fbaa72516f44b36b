"""Makes an export in one of its formats: as a stream of bytes, or as a file that is there only when it is whole."""

import os
import secrets
import signal
import sys
from collections.abc import Generator, Iterable
from pathlib import Path

from app.export import csv, json, rows, xlsx
from app.export.rows import Choice
from app.petitions.page import Edition

FORMATS = {
    "csv": "text/csv; charset=utf-8; header=present",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}


def make(edition: Edition, kind: str, choice: Choice, *, for_excel: bool = False) -> Generator[bytes, None, None]:
    """Return the petition's list in pieces, in a format named in FORMATS; `for_excel` is for CSV alone.

    Call this inside the app's context; the pieces may be taken outside it. Close the iterator if not all are taken.
    """
    found = rows.read(edition.petition.id, choice)
    heading = rows.heading(edition)
    if kind == "xlsx":
        return xlsx.write(found, choice, heading)
    if kind == "json":
        return json.write(found, choice, heading)
    return csv.write(found, choice, heading, for_excel=for_excel)


def hand_over(pieces: Iterable[bytes], path: Path | None) -> None:
    """Write the pieces to `path`, once all are there, or to standard output as they come.

    Only the file's owner can read it. A SIGTERM ends this as Ctrl-C does, so that nothing half-written is left.
    """
    before = signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        if path:
            _save(pieces, path)
        else:
            sys.stdout.buffer.writelines(pieces)
            sys.stdout.buffer.flush()
    finally:
        signal.signal(signal.SIGTERM, before)


def _save(pieces: Iterable[bytes], path: Path) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
