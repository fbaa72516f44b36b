"""SMTP: the mail server is away, hangs, is slow, refuses for now or for good, and hangs up after the e-mail came."""

import time
from collections.abc import Iterator

from faults.row import Row
from faults.sink import Mood
from faults.site import site_on
from faults.stage import KINDS, SQLITE, Stage
from faults.verdict import judge

CLIENTS = 6
SECONDS, SECONDS_IN_SHORT = 10, 1
MOODS = (Mood.DROPS, Mood.HANGS, Mood.REFUSES, Mood.SLOW)


def run(stage: Stage) -> Iterator[Row]:
    """Have the mail server in each mood for a while, in a random order, then away."""
    seconds = SECONDS_IN_SHORT if stage.is_short else SECONDS
    for kind in [SQLITE] if stage.is_short else KINDS:
        site, moods = site_on(stage, kind), list(MOODS)
        stage.chance(f"smtp {kind}").shuffle(moods)
        before = site.sink.tempers.copy()
        with site.crowd.busy(CLIENTS):
            for mood in moods:
                site.sink.mood = mood
                time.sleep(seconds)
            site.sink.mood = Mood.TAKES
            site.sink.go_away()
            time.sleep(seconds)
            site.sink.come()
        verdict = judge(site)
        tempers = site.sink.tempers - before
        detail = ", ".join(f"{number} x {answer}" for answer, number in sorted(tempers.items()))
        yield Row("SMTP", kind, f"away, {', '.join(moods)}: {detail}", verdict)
