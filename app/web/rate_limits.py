"""Rate limits per client: a moving window for each action, under a keyed hash that changes daily; no address is kept.

"Under attack" in docs/operating.md explains the limits to operators.
"""

import logging
import time
from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from flask import Flask, current_app, request
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter

from app import clock
from app.crypto import tokens
from app.web.network import network

WINDOW_MINUTES = 10
# Forms without a proof of work: more than a household or a small office sends.
MAX_FORMS = 30
# Forms with one: more than a full hall sends, and a stop for a machine that makes proofs much faster than browsers do.
MAX_PROVEN_FORMS = 300
# So near to MAX_FORMS a proof is asked for already: the last places are left to browsers without scripts.
RESERVED_FORMS = 5
REDIS_TIMEOUT_SECONDS = 1
REDIS_RETRY_SECONDS = 5  # a thread may wait for a Redis that is away this often, and no oftener
EXTENSION = "countersign_rate_limits"
Result = TypeVar("Result")
log = logging.getLogger(__name__)


class Action(StrEnum):
    """What is limited, each action by itself."""

    SIGN = "sign"
    SIGN_WITH_PROOF = "sign_with_proof"
    TYPE_CODE = "type_code"
    REQUEST_ENTRY_LINK = "request_entry_link"

    @property
    def limit(self) -> RateLimitItem:
        """The window, with the number of times that fit into it."""
        most = MAX_PROVEN_FORMS if self is Action.SIGN_WITH_PROOF else MAX_FORMS
        return RateLimitItemPerMinute(most, WINDOW_MINUTES, namespace=self)


class RateLimiter:
    """Moving windows in the Redis at `url`, shared by all processes, or in this process's memory.

    While Redis is away they are in memory, too.
    """

    def __init__(self, url: str | None) -> None:
        self.memory = MemoryStorage()
        self._in_memory = MovingWindowRateLimiter(self.memory)
        self._in_redis = _redis(url) if url else None
        self.retry_at = 0.0

    def run(self, operation: Callable[[MovingWindowRateLimiter], Result]) -> Result:
        """Return what `operation` does in Redis, or where there is none or it is away, in memory."""
        if self._in_redis is not None and time.monotonic() >= self.retry_at:
            try:
                return operation(self._in_redis)
            except StorageError as error:
                self.retry_at = time.monotonic() + REDIS_RETRY_SECONDS
                log.warning("Redis is away, counting in memory: %s", type(error.storage_error).__name__)
        return operation(self._in_memory)


def init_app(app: Flask) -> None:
    """Count in the Redis at REDIS_URL, if any."""
    app.extensions[EXTENSION] = RateLimiter(app.config["REDIS_URL"])


def hit(action: Action) -> int:
    """Count one more of this action for the request's client; return 0, or for Retry-After the seconds to wait."""
    client, limit = client_key(request.remote_addr), action.limit
    if _limiter().run(lambda windows: windows.hit(limit, client)):
        return 0
    reset_at = _limiter().run(lambda windows: windows.get_window_stats(limit, client)).reset_time
    return max(1, min(WINDOW_MINUTES * 60, int(reset_at - clock.now().timestamp()) + 1))


def is_near_limit() -> bool:
    """Tell, and count nothing, whether this request's client has only the reserved forms left, or none."""
    client = client_key(request.remote_addr)
    return not _limiter().run(lambda windows: windows.test(Action.SIGN.limit, client, cost=RESERVED_FORMS + 1))


def client_key(address: str | None) -> str:
    """Return what a client at an IP address is counted under today: 64 hexadecimal digits that tell no address."""
    return tokens.keyed_hash("client", f"{clock.now():%Y-%m-%d} {network(address) or 'none'}").hex()


def _redis(url: str) -> MovingWindowRateLimiter:
    storage = RedisStorage(
        url,
        key_prefix="countersign",
        wrap_exceptions=True,
        socket_connect_timeout=REDIS_TIMEOUT_SECONDS,
        socket_timeout=REDIS_TIMEOUT_SECONDS,
    )
    return MovingWindowRateLimiter(storage)


def _limiter() -> RateLimiter:
    limiter: RateLimiter = current_app.extensions[EXTENSION]
    return limiter
