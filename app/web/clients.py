"""How much one client may send, counted under a keyed hash that is another one each day: no address is kept."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from flask import Flask, current_app, request
from flask_limiter import Limiter, RateLimitExceeded

from app import clock
from app.crypto import tokens
from app.web.network import network

MINUTES = 10
REDIS_SECONDS = 1
EXTENSION = "countersign_clients"


class Doing(StrEnum):
    """What is counted, each by itself."""

    SIGNING = "signing"
    PROVING = "signing with a proof"
    TYPING_CODE = "typing a code"
    ASKING_FOR_LINK = "asking for link"


@dataclass(frozen=True, slots=True)
class _Limits:
    limiter: Limiter
    counting: dict[Doing, Callable[[], None]]
    near: Callable[[], None]


def init_app(app: Flask) -> None:
    """Count in the Redis at REDIS_URL, for all processes together, or else in this process's memory.

    Where Redis is away it is memory, too, until it is back.
    """
    logging.getLogger("flask-limiter").setLevel(logging.WARNING)  # or a flood would fill the log, a line for each form
    url = app.config["REDIS_URL"]
    limiter = Limiter(
        lambda: client(request.remote_addr),
        app=app,
        strategy="moving-window",
        storage_uri=url.replace("unix://", "redis+unix://") if url else "memory://",
        storage_options={"socket_connect_timeout": REDIS_SECONDS, "socket_timeout": REDIS_SECONDS} if url else {},
        in_memory_fallback_enabled=bool(url),
        key_prefix="countersign",
    )
    most = app.config["CLIENT_MOST"]
    within = f"{most} per {MINUTES} minutes"

    # Flask-Limiter knows a limit by the name of what it decorates, so these are functions of their own.
    @limiter.shared_limit(within, scope=Doing.SIGNING)
    def sign() -> None: ...

    @limiter.shared_limit(f"{app.config['CLIENT_MOST_PROVEN']} per {MINUTES} minutes", scope=Doing.PROVING)
    def prove() -> None: ...

    @limiter.shared_limit(within, scope=Doing.TYPING_CODE)
    def type_code() -> None: ...

    @limiter.shared_limit(within, scope=Doing.ASKING_FOR_LINK)
    def ask() -> None: ...

    @limiter.shared_limit(
        within, scope=Doing.SIGNING, cost=app.config["CLIENT_SPARED"] + 1, deduct_when=lambda answer: False
    )
    def look() -> None: ...

    counting = {Doing.SIGNING: sign, Doing.PROVING: prove, Doing.TYPING_CODE: type_code, Doing.ASKING_FOR_LINK: ask}
    app.extensions[EXTENSION] = _Limits(limiter, counting, look)


def seconds_to_wait(doing: Doing) -> int:
    """Count one more of what this request's client is doing; return 0, or how long to wait before it may."""
    limits = _limits()
    try:
        limits.counting[doing]()
    except RateLimitExceeded:
        over = limits.limiter.current_limit
        longest = MINUTES * 60
        return max(1, min(longest, over.reset_at - int(clock.now().timestamp()))) if over else longest
    return 0


def is_near_limit() -> bool:
    """Tell, and count nothing, whether this request's client has only the spared signatures left, or none."""
    try:
        _limits().near()
    except RateLimitExceeded:
        return True
    return False


def client(address: str | None) -> str:
    """Return what a client at an IP address is counted under today: 64 hexadecimal digits that tell no address."""
    return tokens.keyed_hash("client", f"{clock.now():%Y-%m-%d} {network(address) or 'none'}").hex()


def _limits() -> _Limits:
    limits: _Limits = current_app.extensions[EXTENSION]
    return limits
