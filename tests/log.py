"""The log as it would be written, caught while a test runs."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app import logs


class Log(io.StringIO):
    """What this process has logged."""

    def lines(self) -> list[dict[str, Any]]:
        """Return the lines, each a JSON object."""
        return [json.loads(line) for line in self.getvalue().splitlines()]


@contextmanager
def caught(level: int) -> Iterator[Log]:
    """Catch all that is logged from `level` on, by us and by libraries."""
    log = Log()
    handler = logging.StreamHandler(log)
    handler.setFormatter(logs.JsonFormatter())
    loggers = (logging.getLogger(), logging.getLogger("app"))
    before = [one.level for one in loggers]
    loggers[0].addHandler(handler)
    for one in loggers:
        one.setLevel(level)
    try:
        yield log
    finally:
        loggers[0].removeHandler(handler)
        for one, was in zip(loggers, before, strict=True):
            one.setLevel(was)
