"""Hashing passwords: at most MAX_AT_ONCE at a time in a process, as each takes tens of megabytes and a processor."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Any

from flask_babel import lazy_gettext as _
from werkzeug.exceptions import TooManyRequests

MAX_AT_ONCE = 2
WAIT_SECONDS = 1.0
RETRY_SECONDS = 5
_slots = BoundedSemaphore(MAX_AT_ONCE)


class LimitedHashing:
    """A passlib CryptContext whose slow methods take turns; they raise TooManyRequests if that would take long."""

    def __init__(self, context: Any) -> None:
        self._context = context

    def hash(self, *values: Any, **options: Any) -> str:
        """Return the hash of a password."""
        with _slot():
            return str(self._context.hash(*values, **options))

    def verify(self, *values: Any, **options: Any) -> bool:
        """Tell whether a password has this hash."""
        with _slot():
            return bool(self._context.verify(*values, **options))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)


@contextmanager
def _slot() -> Iterator[None]:
    if not _slots.acquire(timeout=WAIT_SECONDS):
        message = _("Many people are signing in at this moment. Please wait a few seconds, then send it again.")
        raise TooManyRequests(message, retry_after=RETRY_SECONDS)
    try:
        yield
    finally:
        _slots.release()
