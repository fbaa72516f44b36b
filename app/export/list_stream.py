"""The list streamed as CSV, XLSX or JSON, with its hand-over recorded."""

import math
from collections.abc import Generator, Iterator

from app.export import csv, json, rows, xlsx
from app.export.handover import choice_of
from app.export.rows import Choice, ExportRow, Heading
from app.export.sending import recorded_stream
from app.export.sent_rows import SentRows
from app.models import Format, HandOver
from app.petitions.page import Edition

MIMETYPES = {
    Format.CSV: "text/csv; charset=utf-8; header=present",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.JSON: "application/json",
}


def stream_list(
    edition: Edition, begun: HandOver, *, for_excel: bool = False, seconds: float = math.inf
) -> Generator[bytes, None, None]:
    """Return the list of the hand-over `begun` in chunks, in one of MIMETYPES; `for_excel` is for CSV alone.

    Call this, and take the chunks, inside the app's context. The record gets its number of rows with the last chunk.
    Close the generator if not all are taken: which rows went out is recorded then. Raises DownloadTimeout after
    `seconds`.
    """
    choice, kind = choice_of(begun), begun.format
    heading = rows.heading(edition)
    sent = SentRows()
    found = rows.read_rows(edition.petition.id, choice, sent.add)

    def write(counted: Iterator[ExportRow]) -> Iterator[bytes]:
        return write_list(kind, counted, choice, heading, for_excel=for_excel)

    return recorded_stream(begun.id, found, sent, write, seconds)


def write_list(
    kind: Format, found: Iterator[ExportRow], choice: Choice, heading: Heading, *, for_excel: bool = False
) -> Iterator[bytes]:
    """Return the rows as a file of this kind, in chunks; `for_excel` is for CSV alone."""
    if kind == Format.CSV:
        return csv.write_csv(found, choice, heading, for_excel=for_excel)
    return xlsx.write_xlsx(found, choice, heading) if kind == Format.XLSX else json.write_json(found, choice, heading)
