"""Pace: a form takes as long whatever letter it gets, or none: else others could tell by when their own letters come.

Whoever sends a form right before and right after one in somebody's name sees whether a letter went between the two.
"""

import random
import time
from collections import deque

RECENT = 32
WRITING_SECONDS = 0.02
MAX_WRITING_SECONDS = 0.25
OUTLIERS = 2
SLEEPS_LONGER_SECONDS = 0.001  # than it is asked to; a letter can take a third of that


class Pace:
    """How long the last letters of one kind took to hand over."""

    def __init__(self) -> None:
        self._first = 0.0
        self._seconds = deque[float](maxlen=RECENT)

    def add(self, seconds: float, *, is_first: bool) -> None:
        """Remember how long a letter took; the first on a connection takes longer, so only until there is another."""
        if is_first:
            self._first = seconds
        else:
            self._seconds.append(seconds)

    def wait(self) -> None:
        """Wait as long as one of the last letters took."""
        until = time.perf_counter() + (random.choice(self._seconds) if self._seconds else self._first)
        time.sleep(max(0.0, until - time.perf_counter() - SLEEPS_LONGER_SECONDS))
        while time.perf_counter() < until:
            pass


class Writing:
    """How long it takes to decide and write alone: as long as it took lately where it took longest, for everybody."""

    def __init__(self) -> None:
        self._seconds = deque[float](maxlen=RECENT)

    def fill(self, began: float) -> None:
        """Wait until that long has passed since `began`, a moment of time.monotonic()."""
        self._seconds.append(time.monotonic() - began)
        longest = sorted(self._seconds)[: -OUTLIERS or None] or self._seconds
        wait_until(began + max(WRITING_SECONDS, min(longest[-1], MAX_WRITING_SECONDS)))


def wait_until(moment: float) -> None:
    """Wait until that moment of time.monotonic(), if it is still to come."""
    time.sleep(max(0.0, moment - time.monotonic()))


COPIES, OTHERS, WRITING = Pace(), Pace(), Writing()
