"""Sending: a list's rows are counted on their way to its writer, and which went out is recorded however it ends."""

import math
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from app.db import transaction
from app.export.rows import ExportRow
from app.export.sent_rows import SentRows
from app.models import HandOver, HandOverBlock


class DownloadTimeout(Exception):
    """The reader did not take the whole list in time."""


class CountedRows:
    """An iterator of rows that counts them; raises DownloadTimeout when they take more than `seconds`."""

    def __init__(self, rows: Iterator[ExportRow], seconds: float = math.inf) -> None:
        self._rows = rows
        self._deadline = time.monotonic() + seconds
        self.number = 0

    def __iter__(self) -> Iterator[ExportRow]:
        return self

    def __next__(self) -> ExportRow:
        if time.monotonic() > self._deadline:  # before a row is read, as one that was read is recorded as sent
            raise DownloadTimeout
        row = next(self._rows)
        self.number += 1
        return row


def recorded_stream(
    hand_over_id: int,
    rows: Generator[ExportRow, None, None],
    sent: SentRows,
    write: Callable[[Iterator[ExportRow]], Iterator[bytes]],
    seconds: float,
) -> Generator[bytes, None, None]:
    """Yield what `write` yields of the rows; record which were `sent`, and once the last chunk is taken their number.

    A download that breaks off leaves the number empty; all rows that the writer was given count as sent, since they may
    have left. Raises DownloadTimeout after `seconds`.
    """
    counted = CountedRows(rows, seconds)
    number = None
    try:
        with closing(rows):
            yield from write(counted)
        number = counted.number
    finally:
        with transaction() as session:
            record_sent(session, hand_over_id, sent, number)


def record_sent(session: Session, hand_over_id: int, sent: SentRows, number: int | None) -> None:
    """Record, once, which rows went out with a list, and their number if it is whole."""
    values = {"rows_known": True, "rows": number}
    known = update(HandOver).where(HandOver.id == hand_over_id, ~HandOver.rows_known).values(values)
    recorded = session.execute(known.returning(HandOver.id).execution_options(synchronize_session=False)).first()
    blocks = [{"hand_over_id": hand_over_id, "block": block, "sent": packed} for block, packed in sent.blocks().items()]
    if recorded and blocks:
        session.execute(insert(HandOverBlock), blocks)
