"""Waiting for what must come true."""

import time
from collections.abc import Callable

MAX_SECONDS = 60  # machines are busy


def wait_until(true: Callable[[], object], words: str, seconds: float = MAX_SECONDS) -> None:
    """Wait until `true` says so; raise RuntimeError with these words if it never does."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise RuntimeError(words)
        time.sleep(0.05)
