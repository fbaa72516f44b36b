"""A real Redis for tests, on a socket of its own, by whichever program there is."""

from pathlib import Path

import pytest
import redis

import config
from bench.programs import find_redis
from faults import redis_server


def _program() -> str:
    """Return the server's program; where there is none, CI fails and others are told."""
    found = find_redis()
    if found:
        return found
    if config.environment().get("CI"):
        pytest.fail("CI must have a Redis: see bench/install-servers.sh")
    pytest.skip("NO REDIS HERE, SO NOTHING OF THIS WAS TESTED. `make servers` gets it on Debian")


class RedisServer(redis_server.RedisServer):
    """The server of `make faults`, whose keys can be looked at."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, _program())

    def keys(self) -> list[bytes]:
        """Return the names of all that it holds."""
        with redis.Redis.from_url(self.url) as client:
            found: list[bytes] = client.keys("*")  # type: ignore[assignment]
            return found
