"""The list streamed as CSV, XLSX or JSON, with its hand-over recorded."""

import math
from collections.abc import Callable, Generator, Iterator

from app.export import csv, json, rows, xlsx
from app.export.handover import choice_of
from app.export.rows import ExportRow
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
    choice = choice_of(begun)
    heading = rows.heading(edition)
    writers: dict[Format, Callable[[Iterator[ExportRow]], Iterator[bytes]]] = {
        Format.CSV: lambda found: csv.write_csv(found, choice, heading, for_excel=for_excel),
        Format.XLSX: lambda found: xlsx.write_xlsx(found, choice, heading),
        Format.JSON: lambda found: json.write_json(found, choice, heading),
    }
    sent = SentRows()
    found = rows.read_rows(edition.petition.id, choice, sent.add)
    return recorded_stream(begun.id, found, sent, writers[begun.format], seconds)
