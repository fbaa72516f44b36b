"""Writes exports to files for the command line: a streamed list, or the volumes of a PDF delivery once it is built."""

import os
import secrets
import signal
import sys
import time
from collections.abc import Generator, Iterable
from contextlib import closing
from pathlib import Path

import click
from sqlalchemy import select

from app.db import db
from app.export import pdf_job
from app.models import Delivery, HandOver, Making, Petition
from app.models.signer import AlteredRow

PAUSE_SECONDS = 1


class DeliveryFailed(Exception):
    """The delivery could not be built; the worker's log says why."""


def write_file(chunks: Generator[bytes, None, None], path: Path | None) -> None:
    """Write the chunks to `path` atomically, or to standard output as they come.

    Only the file's owner can read it. SIGTERM exits as Ctrl-C does, so that the temporary file is deleted, and a list
    that is cut off records what was sent. Ends with a message for the operator at a row that was altered in the
    database.
    """
    before = signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        with closing(chunks):
            if path:
                _save(chunks, path)
            else:
                sys.stdout.buffer.writelines(chunks)
                sys.stdout.buffer.flush()
    except AlteredRow as error:
        raise click.ClickException(f"{error}, so the list ends there: see `count audit`") from error
    finally:
        signal.signal(signal.SIGTERM, before)


def write_pdf(begun: HandOver, path: Path) -> list[Path]:
    """Build the delivery of the hand-over `begun`, here or in the worker; return its files.

    Only their owner can read them. The first is `path`, others are next to it: list-2.pdf. Raises DeliveryFailed.
    """
    petition = db.session.get_one(Petition, begun.petition_id)
    delivery = _wait_for_delivery(begun)
    paths = [path]
    paths += [path.with_stem(f"{path.stem}-{number}") for number in range(2, pdf_job.count_volumes(delivery.id) + 1)]
    for number, volume_path in enumerate(paths, start=1):
        write_file(_volume(petition, delivery.id, number), volume_path)
    return paths


def _wait_for_delivery(begun: HandOver) -> Delivery:
    query = select(Delivery).where(Delivery.hand_over_id == begun.id).execution_options(populate_existing=True)
    while True:
        pdf_job.run_due()
        delivery = db.session.scalars(query).one_or_none()
        db.session.rollback()  # a new transaction sees what a running worker writes
        if delivery is None or delivery.making == Making.FAILED or delivery.recalled_at:
            raise DeliveryFailed
        if delivery.making == Making.READY:
            return delivery
        time.sleep(PAUSE_SECONDS)


def _volume(petition: Petition, delivery_id: int, number: int) -> Generator[bytes, None, None]:
    volume = pdf_job.read_volume(petition, delivery_id, number)
    if volume is None:  # recalled since
        raise DeliveryFailed
    yield volume


def _save(chunks: Iterable[bytes], path: Path) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.writelines(chunks)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
