"""A site of real processes: web servers, workers, a mail server and a crowd; each can be killed and started again."""

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import config
from bench.stage import KEPT, free_port
from faults.crowd import Crowd
from faults.redis_server import RedisServer
from faults.sink import Sink
from faults.stage import POSTGRESQL, Stage
from faults.switches import Switches
from faults.waiting import wait_until

THREADS = 8
LEASE_SECONDS = 4
LOGGED_LINES, LOGGED_LENGTH = 5, 240
# As app/__init__.py has them, but with fewer connections than threads, so that these wait for each other.
SMALL_POOL = {"pool_size": 3, "max_overflow": 1, "pool_timeout": 2, "hide_parameters": True}
POSTGRESQL_POOL = SMALL_POOL | {
    "isolation_level": "AUTOCOMMIT",
    "connect_args": {"connect_timeout": 5, "options": "-c timezone=UTC"},
}


class Process:
    """One process of the site, in a group of its own, with its own clock and disk."""

    def __init__(self, name: str, command: list[str], environment: Mapping[str, str], log: Path, **given: Any) -> None:
        self.name, self.log = name, log
        self.switches = Switches(log.with_suffix(".switches"))
        self.switches.set()
        kept = {key: value for key, value in config.environment().items() if key in KEPT}
        given["switches"] = str(self.switches.path)
        self._environment = {**kept, **environment, "FAULTS_SITE": json.dumps(given)}
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it is not ready yet."""
        with open(self.log, "ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *self._command], cwd=config.ROOT, env=self._environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def kill(self) -> None:
        """Kill it with -9, and all that it started."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


class Web(Process):
    """A web server on a port."""

    def __init__(self, name: str, environment: Mapping[str, str], log: Path, **given: Any) -> None:
        self.port = free_port()
        command = [
            *("granian", "--interface", "wsgi", "--no-ws", "--host", "127.0.0.1", "--port", str(self.port)),
            *("--blocking-threads", str(THREADS), "--log-level", "warning", "faults.wsgi:app"),
        ]
        super().__init__(name, command, {**environment, "PORT": str(self.port)}, log, **given)

    def wait(self) -> None:
        """Wait until it answers."""
        wait_until(lambda: self.status("/healthz") == 200, f"{self.name} never answered: {self.log}")

    def status(self, path: str) -> int:
        """Return the status with which it answers a GET; 0 if it does not."""
        return self.get(path)[0]

    def get(self, path: str) -> tuple[int, bytes]:
        """Return status and body of its answer to a GET; 0 if there is none."""
        asking = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            asking.request("GET", path)
            answer = asking.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            asking.close()


class Site:
    """Two web servers and two workers on PostgreSQL, with Redis if there is one; one of each on SQLite."""

    def __init__(self, stage: Stage, kind: str) -> None:
        self.stage, self.kind = stage, kind
        self.was_moderated = False  # by an organiser, who may have invalidated and restored anybody
        self._stack = ExitStack()
        self.database = stage.new_database(kind)
        self.folder = stage.folder / self.database.removesuffix(".db")
        self.folder.mkdir()
        self.sink = Sink(stage.chance(f"{self.database} sink"))
        self.redis = RedisServer.start_if_there_is_one(self.folder) if kind == POSTGRESQL else None
        self._environment = stage.environment(self.database) | {
            "MAIL_PORT": str(self.sink.port),
            "TRUSTED_PROXIES": "1",
            **({"REDIS_URL": self.redis.url} if self.redis else {}),
        }
        self.app = stage.app(self.database)
        number = 2 if kind == POSTGRESQL else 1
        self.web = [self._made(Web, f"web {which + 1}") for which in range(number)]
        work = ["flask", "--app", "faults.wsgi", "outbox", "work"]
        self.workers = [self._made(Process, f"worker {which + 1}", work) for which in range(number)]
        self.crowd = Crowd(self.app, [web.port for web in self.web], self.sink, stage.chance(f"{self.database} crowd"))
        self._stack.callback(self.sink.go_away)
        if self.redis:
            self._stack.callback(self.redis.kill)
        for process in self.processes:
            self._stack.callback(process.kill)
            process.start()
        for web in self.web:
            web.wait()

    def close(self) -> None:
        """End all of it."""
        self._stack.close()

    def tell_log(self) -> None:
        """Print the end of what each process logged: it holds no names, addresses or tokens."""
        for process in self.processes:
            lines = process.log.read_text(errors="replace").splitlines()[-LOGGED_LINES:]
            print("".join(f"    {process.name}: {line[:LOGGED_LENGTH]}\n" for line in lines), end="")

    @property
    def processes(self) -> list[Process]:
        """All processes that run the app."""
        return [*self.web, *self.workers]

    def switch(self, *, clock_shift: float = 0, disk_is_full: bool = False) -> None:
        """Set the switches of all processes."""
        for process in self.processes:
            process.switches.set(clock_shift=clock_shift, disk_is_full=disk_is_full)

    def _made(self, made: type[Any], name: str, *command: list[str]) -> Any:
        pool = POSTGRESQL_POOL if self.kind == POSTGRESQL else SMALL_POOL
        settings = {
            "OUTBOX_LEASE_SECONDS": LEASE_SECONDS,
            "SMTP_TIMEOUT_SECONDS": 1,
            "SQLALCHEMY_ENGINE_OPTIONS": pool,
        }
        log = self.folder / f"{name.replace(' ', '-')}.log"
        return made(name, *command, self._environment, log, instance=str(self.stage.folder), settings=settings)


def site_on(stage: Stage, kind: str) -> Site:
    """Return the site on this kind of database; it is made for the first scenario that asks for it."""
    if kind not in stage.sites:
        stage.sites[kind] = site = Site(stage, kind)
        stage.stack.callback(site.close)
    return stage.sites[kind]
