"""Killed: web, worker and PostgreSQL with kill -9 at random moments while people sign and confirm, and restarted."""

import time
from collections.abc import Callable, Iterator
from random import Random

from faults.row import Row, answers
from faults.site import Process, Site, Web, site_on
from faults.stage import KINDS, POSTGRESQL, Stage
from faults.verdict import judge

KILLS, KILLS_IN_SHORT = 20, 1  # of each
CLIENTS = 6
AT_WORK_SECONDS = (
    15  # by then a worker that was started has sent something, unless its e-mails are leased to a dead one
)


def run(stage: Stage) -> Iterator[Row]:
    """Kill each of them in a random order, on both databases."""
    for kind in KINDS:
        site, chance = site_on(stage, kind), stage.chance(f"kill {kind}")
        victims = ["web", "worker", *(["PostgreSQL"] if kind == POSTGRESQL else [])]
        order = victims * (KILLS_IN_SHORT if stage.is_short else KILLS)
        chance.shuffle(order)
        before = site.crowd.statuses.copy()
        recovering: dict[Process, Callable[[], None]] = {}
        with site.crowd.busy(CLIENTS):
            for victim in order:
                time.sleep(chance.uniform(0.2, 1.5))
                if victim == "PostgreSQL":
                    _kill_postgres(site, chance)
                    continue
                process = chance.choice(site.web if victim == "web" else site.workers)
                # It is let come back first, or it would never be killed at work; others may die meanwhile.
                recovering.pop(process, lambda: None)()
                process.kill()
                process.start()
                recovering[process] = _back(site, process)
            for wait in recovering.values():  # while people still sign, which makes work for workers
                wait()
        verdict = judge(site)
        detail = f"{len(order)} kills: {', '.join(victims)}; {answers(site.crowd.statuses - before)}"
        yield Row("kill -9", kind, detail, verdict)


def _kill_postgres(site: Site, chance: Random) -> None:
    site.stage.kill_postgres()
    time.sleep(chance.uniform(0, 1))
    site.stage.start_postgres()


def _back(site: Site, process: Process) -> Callable[[], None]:
    """Return what waits until a process that was started is at work."""
    if isinstance(process, Web):
        return process.wait
    taken, deadline = len(site.sink.taken), time.monotonic() + AT_WORK_SECONDS

    def wait() -> None:
        while len(site.sink.taken) == taken and time.monotonic() < deadline:
            time.sleep(0.02)

    return wait
