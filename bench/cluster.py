"""Two web nodes and two workers on one PostgreSQL and one Redis behind the shipped nginx, all on this machine."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import config
from bench.programs import Missing, find_nginx, find_redis
from bench.proxy import NAME, Proxy
from bench.stage import START_SECONDS, Stage, free_port

NODES = WORKERS = 2
THREADS = 16  # as in deploy/countersign-web.service
POSTGRESQL = config.ROOT / "deploy" / "postgresql.conf"


class Cluster:
    """Starts all of it from a database, with the shipped settings; each process has a log of its own in `logs`."""

    def __init__(self, stage: Stage, database: str, mail_port: int) -> None:
        self.logs = stage.folder / f"logs-{database}"
        self.logs.mkdir()
        self._stage = stage
        self.redis = _start_redis(stage, self.logs)
        _configure_postgresql(stage)
        self.settings = {
            "BASE_URL": f"https://{NAME}",
            "TRUSTED_PROXIES": "1",
            "REDIS_URL": f"unix://{self.redis}",
            "MAIL_PORT": str(mail_port),
        }
        self.nodes = [
            stage.serve_site(database, self.logs / f"web{number}.log", THREADS, **self.settings)
            for number in range(1, NODES + 1)
        ]
        work = (sys.executable, "-m", "flask", "--app", "wsgi", "outbox", "work")
        for number in range(1, WORKERS + 1):
            stage.run(work, stage.environment(database) | self.settings, self.logs / f"worker{number}.log")
        self.proxy = start_proxy(stage, self.nodes, self.logs / "proxy")

    def log_files(self) -> list[Path]:
        """Return every log that any of it has written: PostgreSQL's too."""
        return [*(path for path in self.logs.rglob("*.log") if path.is_file()), Path(self._stage.postgres.log)]


def _configure_postgresql(stage: Stage) -> None:
    """Add the shipped settings to its own, as on Debian; it takes those that need no new start."""
    with stage.connect("postgres") as connection:
        (own,) = connection.execute("SHOW config_file").fetchone() or ("",)
        with open(own, "a", encoding="utf-8") as file:
            file.write(f"\n{POSTGRESQL.read_text('utf-8')}")
        connection.execute("SELECT pg_reload_conf()")


def start_proxy(stage: Stage, nodes: list[int], folder: Path, *, tls: bool = True) -> Proxy:
    """Start the shipped nginx in front of these nodes, with its files in a new `folder`, with or without TLS."""
    program = find_nginx()
    if program is None:
        raise Missing("There is no nginx here: `make servers` gets it on Debian.")
    folder.mkdir()
    proxy = Proxy(folder, free_port(), free_port(), tls)
    process = stage.run(proxy.command(program, nodes), {}, folder / "output.log")
    _wait(lambda: _listens(proxy.port), process)
    return proxy


def _start_redis(stage: Stage, logs: Path) -> Path:
    """Start it as compose.yaml does, on a socket; return the socket."""
    program = find_redis()
    if program is None:
        raise Missing("There is no Redis here: `make servers` gets it on Debian.")
    path = stage.folder / f"redis-{free_port()}.sock"
    listening = ("--port", "0", "--unixsocket", str(path), "--dir", str(logs), "--logfile", str(logs / "redis.log"))
    forgetting = ("--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction")
    process = stage.run([program, *listening, *forgetting], {})
    _wait(path.exists, process)
    return path


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait(true: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not true():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{process.args!r} did not start")
        time.sleep(0.05)
