"""Makes an export in one of its formats: recorded, as a stream of bytes, or as a file that is there only when whole."""

import math
import os
import secrets
import signal
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path

from app.export import csv, json, rows, xlsx
from app.export.handover import choice_of, recorded
from app.export.rows import Row
from app.models import Format, HandOver
from app.petitions.page import Edition

FORMATS = {
    Format.CSV: "text/csv; charset=utf-8; header=present",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.JSON: "application/json",
}


def make(
    edition: Edition, begun: HandOver, *, for_excel: bool = False, seconds: float = math.inf
) -> Generator[bytes, None, None]:
    """Return the list that the record `begun` asks for, in pieces, in one of FORMATS; `for_excel` is for CSV alone.

    Call this, and take the pieces, inside the app's context. The record gets its number of rows with the last piece;
    close the iterator if not all are taken. One that is not through within `seconds` breaks off with TooSlow.
    """
    choice = choice_of(begun)
    heading = rows.heading(edition)
    writers: dict[Format, Callable[[Iterator[Row]], Iterator[bytes]]] = {
        Format.CSV: lambda found: csv.write(found, choice, heading, for_excel=for_excel),
        Format.XLSX: lambda found: xlsx.write(found, choice, heading),
        Format.JSON: lambda found: json.write(found, choice, heading),
    }
    return recorded(begun.id, rows.read(edition.petition.id, choice), writers[begun.format], seconds)


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
