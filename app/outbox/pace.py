"""Pace: a form takes as long whatever letter it gets, or none: else others could tell by when their own letters come.

Whoever sends a form right before and right after one in somebody's name sees whether a letter went between the two.
"""

import random
import time
from collections import OrderedDict, deque
from statistics import median_low

from app.email.domain import registrable

RECENT = 32
SLOW = 3  # times what most domains take
WRITING_SECONDS = 0.02
MAX_WRITING_SECONDS = 0.25
OUTLIERS = 2
SLEEPS_LONGER_SECONDS = 0.001  # than it is asked to; a letter can take a third of that


class Pace:
    """How long the last letters of one kind took to hand over, one for each of the domains that they went to last.

    A mail server that asks the recipient's first is as slow as that: a domain that is slower than most does not count,
    or whoever owns it could have silence take longer than any letter to her.
    """

    def __init__(self) -> None:
        self._first = 0.0
        self._seconds = OrderedDict[str, float]()

    def add(self, domain: str, seconds: float, *, is_first: bool) -> None:
        """Remember how long a letter took; the first on a connection takes longer, so only until there is another."""
        if is_first:
            self._first = seconds
            return
        owned = registrable(domain, only_icann=True)
        self._seconds[owned] = seconds
        self._seconds.move_to_end(owned)
        if len(self._seconds) > RECENT:
            self._seconds.popitem(last=False)

    def wait(self) -> None:
        """Wait as long as one of these letters took."""
        until = time.perf_counter() + self._seconds_of_a_letter()
        time.sleep(max(0.0, until - time.perf_counter() - SLEEPS_LONGER_SECONDS))
        while time.perf_counter() < until:
            pass

    def _seconds_of_a_letter(self) -> float:
        if not self._seconds:
            return self._first
        at_most = SLOW * median_low(self._seconds.values())
        return random.choice([seconds for seconds in self._seconds.values() if seconds <= at_most])


class Writing:
    """How long the database is written: as long as it took lately where it took longest, whatever there was to do."""

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


COPIES, OTHERS = Pace(), Pace()
WRITING = Writing()  # to decide and write one letter alone
RECORDING = Writing()  # to record what was sent, and what was silent
