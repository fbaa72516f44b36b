"""Killed: web, worker and PostgreSQL with kill -9 at random moments while people sign and confirm, and restarted."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from random import Random

from app.outbox.claim import BATCH_SIZE
from faults.row import Row, answers
from faults.sink import TakenEmail
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
        before, taken = site.crowd.statuses.copy(), len(site.sink.taken)
        # A worker that dies had one batch in hand, and when PostgreSQL dies, each of them had.
        at_risk = order.count("worker") + order.count("PostgreSQL") * len(site.workers)
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
        verdict = judge(site)  # until then what was in hand is sent again
        again = sent_again(site.sink.taken[taken:])
        verdict = replace(verdict, problems=(*verdict.problems, *too_often(again, at_risk)))
        detail = f"{len(order)} kills: {', '.join(victims)}; twice: of {len(again)} batches, {at_risk} were at risk"
        detail += f"; {answers(site.crowd.statuses - before)}"
        yield Row("kill -9", kind, detail, verdict)


def sent_again(taken: Iterable[TakenEmail]) -> Counter[int]:
    """Return by the SMTP session of a batch how many of its e-mails went out again, under the same Message-IDs."""
    found: Counter[int] = Counter()
    last_session: dict[str, int] = {}
    for one in taken:
        if one.message_id in last_session:
            found[last_session[one.message_id]] += 1
        last_session[one.message_id] = one.session
    return found


def too_often(again: Counter[int], at_risk: int) -> list[str]:
    """Return what is wrong if that is more than so many batches that were at risk."""
    problems = [f"{number} e-mails of one batch went out again" for number in again.values() if number > BATCH_SIZE]
    if len(again) > at_risk:
        problems.append(f"e-mails of {len(again)} batches went out again, and {at_risk} were at risk")
    return problems


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
