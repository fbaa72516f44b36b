"""What the faults stand on: the bench's folder and PostgreSQL, which can be killed, and a database of either kind."""

import random
import shutil
import subprocess
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import psycopg

from bench.stage import Stage as BenchStage
from bench.stage import make_tables
from faults.waiting import wait_until

if TYPE_CHECKING:
    from faults.site import Site

SQLITE, POSTGRESQL = KINDS = ("sqlite", "postgresql")


class Stage(BenchStage):
    """Makes databases, and one site on each kind of them, which the scenarios share as long as it is sound."""

    def __init__(self, stack: ExitStack, seed: int, *, is_short: bool) -> None:
        super().__init__(stack)
        self.stack = stack
        self.seed, self.is_short = seed, is_short
        self.sites: dict[str, Site] = {}
        self._databases = 0

    def chance(self, name: str) -> random.Random:
        """Return chance that is the same for the same name and seed."""
        return random.Random(f"{self.seed} {name}")

    def new_database(self, kind: str) -> str:
        """Make a migrated database with the example petition; return its name."""
        self._databases += 1
        name = f"faults_{self._databases}"
        if kind == POSTGRESQL:
            return self.database(name)
        shutil.copyfile(self._sqlite_template, self.folder / f"{name}.db")
        return f"{name}.db"

    def let_go(self, kind: str) -> None:
        """Close the site on this kind of database, if there is one; the next scenario begins with a new one."""
        site = self.sites.pop(kind, None)
        if site:
            site.close()

    def url(self, database: str) -> str:
        """Return the address of a database; those whose names end in .db are files."""
        return f"sqlite:///{self.folder / database}" if database.endswith(".db") else super().url(database)

    def environment(self, database: str) -> dict[str, str]:
        """Return the bench's environment without data keys: the site keeps its own, so that they can be rotated."""
        settings = super().environment(database)
        del settings["DATA_KEYS"]
        return settings

    def kill_postgres(self) -> None:
        """Kill every process of PostgreSQL with -9."""
        postmaster = psutil.Process(self.postgres.get_pid())
        family = [postmaster, *postmaster.children(recursive=True)]
        for one in family:
            _kill(one)
        wait_until(lambda: not any(_is_alive(one) for one in family), "PostgreSQL outlived kill -9")
        # Where nobody collects the dead, their numbers stay taken, and PostgreSQL believes that it still runs.
        (self.postgres.pgdata / "postmaster.pid").unlink(missing_ok=True)
        (Path(self.sockets) / ".s.PGSQL.5432.lock").unlink(missing_ok=True)

    def start_postgres(self) -> None:
        """Start PostgreSQL again and wait until it has recovered."""
        try:
            self.postgres.ensure_postgres_running()
        except subprocess.SubprocessError:  # it waits for ten seconds, and recovery may take longer on a busy machine
            wait_until(self._has_recovered, "PostgreSQL did not recover")
            self.postgres.ensure_postgres_running()

    def _has_recovered(self) -> bool:
        try:
            self.connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    @cached_property
    def _sqlite_template(self) -> Path:
        make_tables(self.app("template.db"))
        return self.folder / "template.db"


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
