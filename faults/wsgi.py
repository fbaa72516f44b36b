"""The site as wsgi.py makes it, but for what the faults need: a clock and a disk that obey a file, and short time-outs.

The app itself has no such switches: all of this is put over it from outside, in these processes alone.
"""

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.pool import Pool

import config
from app import clock, worker
from faults.switches import Switches

MAX_PAUSE_SECONDS = 4  # of a worker that finds no mail server, instead of half a minute
MAX_PAGES = (1 << 32) - 2  # the most that SQLite takes
_given = json.loads(config.environment()["FAULTS_SITE"])
_switches = Switches(Path(_given["switches"]))
_load, _real_time = config.load, time.time


def _configuration(environ: Mapping[str, str] | None = None, instance: Path | None = None) -> dict[str, Any]:
    return {**_load(environ, instance or Path(_given["instance"])), **_given["settings"]}


def _shifted_time() -> float:
    return _real_time() + _switches.clock_shift()


def _shifted_now() -> datetime:
    return datetime.fromtimestamp(_shifted_time(), UTC)


@event.listens_for(Pool, "checkout")
def _fill_disk(connection: Any, record: object, proxy: object) -> None:
    """Let SQLite's file grow no more while its disk is to be full: with less than it has, it may keep what it has."""
    if type(connection).__module__.startswith("sqlite3"):
        connection.execute(f"PRAGMA max_page_count={1 if _switches.disk_is_full() else MAX_PAGES}")


config.load = _configuration
clock.now = _shifted_now
time.time = _shifted_time
worker.MAX_PAUSE_SECONDS = MAX_PAUSE_SECONDS

from wsgi import app  # noqa: E402 - made with what was put over it

__all__ = ["app"]
