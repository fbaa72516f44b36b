"""Pace: a form takes as long whatever letter it gets, or none: else others could tell by when their own letters come.

Whoever sends a form right before and right after one in somebody's name sees whether a letter went between the two.
"""

import random
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

WRITING_SECONDS = 0.02
MAX_WAIT_SECONDS = 0.5
RECENT = 32
SLEEPS_LONGER_SECONDS = 0.001  # than it is asked to; a letter can take a third of that


def wait_until(moment: float) -> None:
    """Wait until that moment of time.monotonic(), if it is still to come."""
    time.sleep(max(0.0, moment - time.monotonic()))


class Pace:
    """How long the last letters of one kind took to hand over."""

    def __init__(self) -> None:
        self._seconds = deque[float](maxlen=RECENT)

    @contextmanager
    def measure(self, *, is_first: bool) -> Iterator[None]:
        """Measure what is done meanwhile, however it ends; not the first letter on a connection, which takes longer."""
        began = time.perf_counter()
        try:
            yield
        finally:
            if not is_first:
                self._seconds.append(time.perf_counter() - began)

    def wait(self) -> None:
        """Wait as long as one of the last letters took."""
        if self._seconds:
            until = time.perf_counter() + min(random.choice(self._seconds), MAX_WAIT_SECONDS)
            time.sleep(max(0.0, until - time.perf_counter() - SLEEPS_LONGER_SECONDS))
            while time.perf_counter() < until:
                pass


COPIES, OTHERS = Pace(), Pace()
