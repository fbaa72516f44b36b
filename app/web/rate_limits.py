"""Rate limits per client: a moving window for each action, keyed by a hash that changes daily; no address is kept.

"Under attack" in docs/operations.md explains the limits to operators.
"""

import logging
import time
from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from flask import Flask, current_app, request
from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter

from app import clock
from app.crypto import tokens
from app.web.client_memory import ClientMemory
from app.web.network import networks

WINDOW_MINUTES = 10
# Forms without a proof of work: more than a household or a small office sends.
MAX_FORMS = 30
# Forms with one: more than a full hall sends; stops machines that make proofs much faster than browsers do.
MAX_PROVEN_FORMS = 300
# Passwords, codes and passkeys of organisers: two for each of the people in an office who sign in at nine o'clock.
MAX_SIGN_INS = 60
# Corrections of one entry in a day: each is a row in the ledger for good, and has PDF files of the list made anew.
MAX_CORRECTIONS = 10
# Invitations by one organiser in a day: each is a letter in the site's name to whomever they like.
MAX_INVITATIONS = 30
# Drafts that one organiser begins in a day: each takes an address.
MAX_NEW_DRAFTS = 20
# Tests of news that one organiser sends to themselves in a day: each is an e-mail for each language.
MAX_NEWS_TESTS = 30
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
    SIGN_IN = "sign_in"
    REQUEST_RESET = "request_reset"
    CORRECT = "correct"
    INVITE = "invite"
    BEGIN_DRAFT = "begin_draft"
    TEST_NEWS = "test_news"

    def limit(self, households: int = 1) -> RateLimitItem:
        """Return the length of the window, and how often so many households may do it in that time."""
        a_day = {
            Action.CORRECT: MAX_CORRECTIONS,
            Action.INVITE: MAX_INVITATIONS,
            Action.BEGIN_DRAFT: MAX_NEW_DRAFTS,
            Action.TEST_NEWS: MAX_NEWS_TESTS,
        }
        if self in a_day:
            return RateLimitItemPerDay(a_day[self], namespace=self)
        maximum = {Action.SIGN_WITH_PROOF: MAX_PROVEN_FORMS, Action.SIGN_IN: MAX_SIGN_INS}.get(self, MAX_FORMS)
        return RateLimitItemPerMinute(maximum * households, WINDOW_MINUTES, namespace=self)


class RateLimiter:
    """Moving windows in the Redis at `url`, shared by all processes.

    Without a URL, or while Redis is away, they are in this process's memory.
    """

    def __init__(self, url: str | None) -> None:
        self.memory = ClientMemory()
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
    """Count one more of this action for the request's client; return 0, or the seconds to wait (for Retry-After).

    What is refused for one of the client's networks counts for none: or one household could use up its provider's
    limit, and a provider's network, from ever new households, all that is remembered of others.
    """
    limits = _limits(action)
    return (wait_for(action) if len(limits) > 1 else 0) or max(_hit(limit, key) for limit, key in limits)


def wait_for(action: Action) -> int:
    """Return what `hit` would, and count nothing: for what counts only once it is known what it was."""
    return next((_wait(*one) for one in _limits(action) if not _has_room(*one)), 0)


def hit_one(action: Action, public_id: bytes) -> int:
    """Count one more of this action for what has this random id, whoever does it; return what `hit` does."""
    return _hit(action.limit(), tokens.keyed_hash("limited", public_id.hex()).hex())


def _limits(action: Action) -> list[tuple[RateLimitItem, str]]:
    return [(action.limit(households), key) for key, households in client_keys(request.remote_addr).items()]


def _hit(limit: RateLimitItem, key: str) -> int:
    return 0 if _limiter().run(lambda windows: windows.hit(limit, key)) else _wait(limit, key)


def _wait(limit: RateLimitItem, key: str) -> int:
    reset_at = _limiter().run(lambda windows: windows.get_window_stats(limit, key)).reset_time
    return max(1, min(WINDOW_MINUTES * 60, int(reset_at - clock.now().timestamp()) + 1))


def is_near_limit() -> bool:
    """Tell whether this request's client has only the reserved forms left, or none; counts nothing."""
    return not all(
        _has_room(Action.SIGN.limit(households), key, RESERVED_FORMS + 1)
        for key, households in client_keys(request.remote_addr).items()
    )


def _has_room(limit: RateLimitItem, key: str, cost: int = 1) -> bool:
    return _limiter().run(lambda windows: windows.test(limit, key, cost=cost))


def client_keys(address: str | None) -> dict[str, int]:
    """Return today's keys of a client at an IP address, one for each network that it is in, with its households.

    A key is a keyed hash (HMAC-SHA256) in hexadecimal digits.
    """
    found = networks(address) or {"none": 1}
    today = f"{clock.now():%Y-%m-%d}"
    return {tokens.keyed_hash("client", f"{today} {one}").hex(): households for one, households in found.items()}


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
