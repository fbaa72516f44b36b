"""Exponential backoff: how long to wait before a letter is tried again, and when to give up."""

import random
from datetime import timedelta

FIRST_WAIT = timedelta(seconds=30)
MAX_WAIT = timedelta(minutes=15)
MIN_ATTEMPTS = 10
GIVE_UP_AFTER = timedelta(days=5)  # RFC 5321, 4.5.4.1: at least four to five days


def is_hopeless(attempts: int, age: timedelta) -> bool:
    """Tell whether to give up: after many failed attempts and days. A letter that was never tried is not hopeless."""
    return attempts >= MIN_ATTEMPTS and age > GIVE_UP_AFTER


def wait(attempts: int) -> timedelta:
    """Return how long to wait after this many failed attempts (1 or more): doubling up to MAX_WAIT, with jitter.

    Jitter (half of the wait is random) spreads letters that failed together.
    """
    full = min(FIRST_WAIT * (1 << min(attempts - 1, 10)), MAX_WAIT)
    return full * random.uniform(0.5, 1)
