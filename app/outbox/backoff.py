"""Exponential backoff: how long to wait before a letter is tried again, and when to give up."""

import random
from datetime import timedelta

FIRST_WAIT = timedelta(seconds=30)
MAX_WAIT = timedelta(minutes=15)
GIVE_UP_AFTER = timedelta(days=5)  # RFC 5321, 4.5.4.1: at least four to five days
MEAN_WAIT = MAX_WAIT * 0.75
MAX_ATTEMPTS = GIVE_UP_AFTER // MEAN_WAIT


def is_hopeless(attempts: int) -> bool:
    """Tell whether to give up, after days of failed attempts.

    Attempts are counted, and not the time since it was queued: an e-mail may have waited for weeks until its turn came.
    """
    return attempts >= MAX_ATTEMPTS


def wait(attempts: int) -> timedelta:
    """Return how long to wait after this many failed attempts (1 or more): doubling up to MAX_WAIT, with jitter.

    Jitter (half of the wait is random) spreads letters that failed together.
    """
    full = min(FIRST_WAIT * (1 << min(attempts - 1, 10)), MAX_WAIT)
    return full * random.uniform(0.5, 1)


def attempts_in(pause: timedelta) -> int:
    """Return how many attempts would have been made in the time of a pause that a provider asked for.

    Its own refusals end an e-mail after as long as others do: else who answers so for ever keeps it for ever.
    """
    return pause // MEAN_WAIT
