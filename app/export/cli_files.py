"""A PDF delivery made by a command: by this process or by the worker that is running, and written out when ready."""

import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import select

from app.db import db
from app.export import list_stream, pdf_job
from app.models import Delivery, HandOver, Making

PAUSE_SECONDS = 1


class NotMade(Exception):
    """The delivery could not be made; the worker's log says why."""


def write(begun: HandOver, path: Path) -> list[Path]:
    """Write the delivery that the record `begun` asks for; return its files, which only their owner can read.

    The first volume goes to `path`, others next to it: list.pdf, list-2.pdf. Raises NotMade.
    """
    delivery = _made(begun)
    paths = [path]
    paths += [path.with_stem(f"{path.stem}-{number}") for number in range(2, pdf_job.volumes(delivery.id) + 1)]
    for number, one in enumerate(paths, start=1):
        list_stream.hand_over(_volume(delivery.id, number), one)
    return paths


def _made(begun: HandOver) -> Delivery:
    mine = select(Delivery).where(Delivery.hand_over_id == begun.id).execution_options(populate_existing=True)
    while True:
        pdf_job.make_due()
        delivery = db.session.scalars(mine).one_or_none()
        db.session.rollback()  # a running worker writes meanwhile, and is to be seen
        if delivery is None or delivery.making == Making.FAILED or delivery.recalled_at:
            raise NotMade
        if delivery.making == Making.READY:
            return delivery
        time.sleep(PAUSE_SECONDS)


def _volume(delivery_id: int, number: int) -> Iterator[bytes]:
    kept = pdf_job.volume(delivery_id, number)
    if kept is None:  # taken back since
        raise NotMade
    yield kept
