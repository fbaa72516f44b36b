"""A Redis of the site's own, by whichever program there is; it can be killed and stopped."""

import signal
import subprocess
from pathlib import Path

import redis

from bench.programs import find_redis
from faults.waiting import wait_until


class RedisServer:
    """Listens on a socket in `folder`, and keeps nothing on disk."""

    def __init__(self, folder: Path, program: str) -> None:
        socket = folder / "redis.sock"
        self.url = f"unix://{socket}"
        self._command = [program, "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(folder)]
        self.start()

    @classmethod
    def start_if_there_is_one(cls, folder: Path) -> "RedisServer | None":
        """Start a server if there is a program for it."""
        program = find_redis()
        return cls(folder, program) if program else None

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self._answers, "Redis did not start")

    def kill(self) -> None:
        """Kill it with -9; what it held is gone."""
        self._process.kill()
        self._process.wait()

    def hang(self) -> None:
        """Let it answer nobody, with its socket still open."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it answer again."""
        self._process.send_signal(signal.SIGCONT)

    def number_of_keys(self) -> int:
        """Return how many windows it holds."""
        with redis.Redis.from_url(self.url) as client:
            return int(client.dbsize())

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False
