"""The database: SQLite's disk full, PostgreSQL refusing connections, the pool exhausted: 503, then well by itself."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from faults.row import Row, answers
from faults.site import Site, site_on
from faults.stage import POSTGRESQL, SQLITE, Stage
from faults.verdict import judge
from faults.waiting import wait_until

CLIENTS = 24  # more than two servers have threads
SECONDS, SECONDS_IN_SHORT = 8, 1
ROUNDS = 3
PATIENCE_SECONDS = 30


def run(stage: Stage) -> Iterator[Row]:
    """Take each thing away while people sign and confirm, and give it back."""
    yield from _taken_away(stage, SQLITE, "disk full", _disk_full)
    yield from _taken_away(stage, POSTGRESQL, "connections refused", _connections_refused)
    yield from _taken_away(stage, POSTGRESQL, "pool exhausted", _pool_exhausted)


def _taken_away(
    stage: Stage, kind: str, name: str, taken_away: Callable[[Site], AbstractContextManager[None]]
) -> Iterator[Row]:
    site = site_on(stage, kind)
    before = site.crowd.statuses.copy()
    for _ in range(1 if stage.is_short else ROUNDS):
        with site.crowd.busy(CLIENTS):
            with taken_away(site):
                _wait_for_more(site, 503, 1, f"{name}: nobody is answered 503")
                time.sleep(SECONDS_IN_SHORT if stage.is_short else SECONDS)
            _wait_for_more(site, 303, CLIENTS, f"{name}: not well again by itself")
    verdict = judge(site)
    yield Row(name, kind, answers(site.crowd.statuses - before), verdict)


def _wait_for_more(site: Site, status: int, number: int, words: str) -> None:
    """Wait until the crowd was given this answer so many times more."""
    enough = site.crowd.statuses[status] + number
    wait_until(lambda: site.crowd.statuses[status] >= enough, words, PATIENCE_SECONDS)


@contextmanager
def _disk_full(site: Site) -> Iterator[None]:
    site.switch(disk_is_full=True)
    yield
    site.switch()


@contextmanager
def _connections_refused(site: Site) -> Iterator[None]:
    """Let PostgreSQL end all connections to the database, and refuse new ones."""
    with site.stage.connect("postgres") as connection:
        connection.execute(f"ALTER DATABASE {site.database} ALLOW_CONNECTIONS false")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [site.database])
        yield
        connection.execute(f"ALTER DATABASE {site.database} ALLOW_CONNECTIONS true")


@contextmanager
def _pool_exhausted(site: Site) -> Iterator[None]:
    """Have every connection of the pools wait for a lock, so that the other threads wait for a connection."""
    with site.stage.connect(site.database) as connection, connection.transaction():
        connection.execute("LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE")
        yield
