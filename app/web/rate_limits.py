"""Rate limits per client: a moving window for each action, keyed by a hash that changes daily; no address is kept.

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
# Forms with one: more than a full hall sends; stops machines that make proofs much faster than browsers do.
MAX_PROVEN_FORMS = 300
# A proof is asked for this many forms before MAX_FORMS, so that the last ones are left to browsers without scripts.
RESERVED_FORMS = 5
REDIS_TIMEOUT_SECONDS = 1
REDIS_RETRY_SECONDS = 5  # at most so often does a thread wait for a Redis that is away
EXTENSION = "countersign_rate_limits"
Result = TypeVar("Result")
log = logging.getLogger(__name__)


class Action(StrEnum):
    """The actions that are limited, each by itself."""

    SIGN = "sign"
    SIGN_WITH_PROOF = "sign_with_proof"
    TYPE_CODE = "type_code"
    REQUEST_ENTRY_LINK = "request_entry_link"

    @property
    def limit(self) -> RateLimitItem:
        """The length of the window, and how often the action is allowed in it."""
        maximum = MAX_PROVEN_FORMS if self is Action.SIGN_WITH_PROOF else MAX_FORMS
        return RateLimitItemPerMinute(maximum, WINDOW_MINUTES, namespace=self)


class RateLimiter:
    """Moving windows in the Redis at `url`, shared by all processes.

    Without a URL, or while Redis is away, they are in this process's memory.
    """

    def __init__(self, url: str | None) -> None:
        self.memory = MemoryStorage()
        self._in_memory = MovingWindowRateLimiter(self.memory)
        self._in_redis = _redis(url) if url else None
        self.retry_at = 0.0

    def run(self, operation: Callable[[MovingWindowRateLimiter], Result]) -> Result:
        """Return what `operation` returns in Redis, or in memory if there is no Redis or it is away."""
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
    """Count one more of this action for the request's client; return 0, or the seconds to wait (for Retry-After)."""
    client, limit = client_key(request.remote_addr), action.limit
    if _limiter().run(lambda windows: windows.hit(limit, client)):
        return 0
    reset_at = _limiter().run(lambda windows: windows.get_window_stats(limit, client)).reset_time
    return max(1, min(WINDOW_MINUTES * 60, int(reset_at - clock.now().timestamp()) + 1))


def is_near_limit() -> bool:
    """Tell whether this request's client has only the reserved forms left, or none; counts nothing."""
    client = client_key(request.remote_addr)
    return not _limiter().run(lambda windows: windows.test(Action.SIGN.limit, client, cost=RESERVED_FORMS + 1))


def client_key(address: str | None) -> str:
    """Return today's key of a client at an IP address: a keyed hash (HMAC-SHA256) in hexadecimal digits."""
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
