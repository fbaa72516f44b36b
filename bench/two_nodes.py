"""Two nodes and two workers under load, behind the shipped nginx: `python -m bench.two_nodes [MINUTES]`.

People sign, get letters, open their links and confirm, each from an address of their own; visitors read the page, every
other one by a link with a parameter that nobody else has; and the count is watched on both nodes and through the proxy.
"""

import asyncio
import json
import os
import ssl
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from statistics import median
from urllib.parse import urlencode

import config
from bench import load, people, results
from bench.cluster import Cluster
from bench.figure import Figure, heading, number
from bench.letterbox import Inexact, Letterbox
from bench.paced import Answer, Broken, Door, at_a_pace, percentile
from bench.proxy import NAME
from bench.stage import SLUG, Stage

MINUTES, MINUTES_IN_THE_TABLE = 5.0, 0.5
SIGNATURES_A_MINUTE = 2000
VISITS_A_SECOND = 100  # and as many of hello-world
WATCHED_EVERY_SECONDS = 0.1
WARMING = 10
READING_SECONDS = 2  # from letter to button
LETTERS_SECONDS = 60  # in which the last letters come
# A node sends nothing that is older than a second. nginx counts in whole seconds, so its own is one to two, on top.
MOST_STALE_SECONDS = {"node": 1, "proxy": 3}
PATH = f"/petitions/{SLUG}"
BROWSER = {"Host": NAME, "Accept_Encoding": "gzip", "Sec_Fetch_Site": "same-origin"}


class Crowd:
    """All that happens to the two nodes while it lasts, and what was seen of it."""

    def __init__(self, cluster: Cluster, hello: int, letters: Letterbox, forms: list[str]) -> None:
        self._tls = ssl.create_default_context()
        self._tls.check_hostname, self._tls.verify_mode = False, ssl.CERT_NONE
        self._port = cluster.proxy.port
        self._letters, self._forms = letters, forms
        self._readers, self._hello = Door(self._port, self._tls), Door(hello)
        self._watched = {f"node {port}": Door(port) for port in cluster.nodes} | {"proxy": Door(self._port, self._tls)}
        self.signed: list[float] = []  # when each was answered
        self.confirming: list[float] = []  # when each was sent
        self.confirmed: list[float] = []
        self.took: dict[str, list[float]] = {"plain": [], "by a link": [], "hello": []}
        self.seen: list[tuple[str, float, float, int]] = []  # where, from when to when it was asked, the count

    async def live(self, seconds: float) -> None:
        """Let it happen for so long, and then until everybody who signed has confirmed; raise Inexact if not."""
        ended = asyncio.Event()
        for door in (self._hello, *self._watched.values(), *[self._readers] * WARMING):
            await door.ask(load.get(PATH, **BROWSER))
        async with asyncio.TaskGroup() as tasks:
            for where in self._watched:
                tasks.create_task(self._watch(where, ended))
            confirming = tasks.create_task(self._confirm_all())
            async with asyncio.TaskGroup() as crowd:
                crowd.create_task(at_a_pace(SIGNATURES_A_MINUTE / 60, seconds, self._sign))
                crowd.create_task(at_a_pace(VISITS_A_SECOND, seconds, self._visit))
                crowd.create_task(at_a_pace(VISITS_A_SECOND, seconds, self._greet))
            self._letters.expect(len(self.signed))
            await confirming
            await asyncio.sleep(max(MOST_STALE_SECONDS.values()) + 1)
            ended.set()
        for door in (self._readers, self._hello, *self._watched.values()):
            await door.close()

    async def _sign(self, which: int, due: float) -> None:
        request = load.post(f"{PATH}/sign", self._forms[which], **BROWSER)
        await self._once(_client(10, which), request)
        self.signed.append(time.perf_counter())

    async def _confirm_all(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            async for which, path in self._letters.come():
                tasks.create_task(self._confirm(which, path))

    async def _confirm(self, which: int, path: str) -> None:
        await asyncio.sleep(READING_SECONDS)
        form = urlencode({"name": f"Ann Example the {which}th", **people.ANSWERS})
        self.confirming.append(time.perf_counter())
        await self._once(_client(110, which), load.post(path, form, **BROWSER))
        self.confirmed.append(time.perf_counter())

    async def _once(self, client: str, request: bytes) -> None:
        door = Door(self._port, self._tls, client)
        answer = await door.ask(request)
        await door.close()
        if answer.status != 303:
            raise Inexact(f"{request.partition(b' HTTP')[0][:30]!r} was answered with {answer.status}")

    async def _visit(self, which: int, due: float) -> None:
        kind, query = ("plain", "") if which % 2 else ("by a link", f"?fbclid={os.urandom(16).hex()}")
        await self._timed(kind, self._readers, load.get(PATH + query, **BROWSER), due)

    async def _greet(self, which: int, due: float) -> None:
        await self._timed("hello", self._hello, load.get("/"), due)

    async def _timed(self, kind: str, door: Door, request: bytes, due: float) -> None:
        answer = await door.ask(request)
        self.took[kind].append((time.perf_counter() - due) * 1000)
        if answer.status != 200:
            raise Inexact(f"{kind} was answered with {answer.status}")

    async def _watch(self, where: str, ended: asyncio.Event) -> None:
        while not ended.is_set():
            began = time.perf_counter()
            answer: Answer = await self._watched[where].ask(load.get(f"{PATH}/count.json", Host=NAME))
            self.seen.append((where, began, time.perf_counter(), json.loads(answer.body)["verified"]))
            await asyncio.sleep(WATCHED_EVERY_SECONDS)

    def make_sure_it_was_exact(self) -> None:
        """Raise Inexact unless the count was at no time above what was confirmed, and ended at exactly that."""
        began = sorted(self.confirming)
        for where, _, until, count in self.seen:
            if count > sum(1 for one in began if one <= until):
                raise Inexact(f"{where} showed {count} before so many had confirmed")
        last = {where: count for where, _, _, count in self.seen}
        if set(last.values()) != {len(self.confirmed)}:
            raise Inexact(f"{len(self.confirmed)} confirmed, but at the end {last} were shown")

    def staleness(self, place: str) -> float:
        """Return for how many seconds at most a place did not show a confirmation that had been answered."""
        answered = sorted(self.confirmed)
        shown = [(since, count) for where, since, _, count in self.seen if where.startswith(place)]
        return max((since - answered[count] for since, count in shown if count < len(answered)), default=0.0)


def _client(first: int, which: int) -> str:
    """Return an address of this machine that nobody else comes from, out of 100 times 62,500 from `127.first` on."""
    return f"127.{first + which // 62500}.{which // 250 % 250}.{which % 250 + 1}"


def run(stage: Stage, minutes: float = MINUTES_IN_THE_TABLE) -> Iterator[Figure]:
    """Have a crowd at two nodes for so long; raise Inexact if anything was lost or counted wrongly."""
    database = stage.database("two_nodes")
    with stage.connect(database) as connection:
        connection.execute("ANALYZE")
    letters = Letterbox(stage)
    cluster = Cluster(stage, database, letters.port)
    forms = people.make_forms(stage.app(database), round(SIGNATURES_A_MINUTE * minutes))
    crowd = Crowd(cluster, stage.serve_hello(), letters, forms)
    asyncio.run(crowd.live(minutes * 60))
    crowd.make_sure_it_was_exact()
    _audit(stage, database, len(crowd.confirmed))
    yield from _figures(crowd)


def _figures(crowd: Crowd) -> Iterator[Figure]:
    pages = crowd.took["plain"] + crowd.took["by a link"]
    page, hello = percentile(pages, 0.99), percentile(crowd.took["hello"], 0.99)
    within = {what: max(when) - min(when) for what, when in (("s", crowd.signed), ("c", crowd.confirmed))}
    yield Figure(
        "two nodes: confirmed in a minute", [60 * len(crowd.confirmed) / within["c"]], "",
        at_least=0.98 * SIGNATURES_A_MINUTE, detail=f"{len(crowd.signed)} signed in {within['s']:.0f} s,"
        f" {len(crowd.confirmed)} confirmed in {within['c']:.0f} s, the count exact throughout",
    )  # fmt: skip
    kinds = ", ".join(
        f"{kind} {number(median(took))}, p99 {number(percentile(took, 0.99))} ms" for kind, took in crowd.took.items()
    )
    yield Figure("two nodes: page / hello-world, 99th percentile", [page / hello], "x", at_most=5, detail=kinds)
    for place, most in MOST_STALE_SECONDS.items():
        yield Figure(
            f"two nodes: a confirmation shows at each {place} after", [crowd.staleness(place)], "s", at_most=most
        )


def _audit(stage: Stage, database: str, confirmed: int) -> None:
    """Raise Inexact unless `count audit` finds the count sound, and there is a verified signature for each."""
    audit = stage.start("-m", "flask", "--app", "wsgi", "count", "audit", **stage.environment(database))
    said = audit.communicate()[0]
    if audit.returncode or f"shown {confirmed}, verified rows {confirmed}," not in said:
        raise Inexact(f"{confirmed} confirmed, but the audit says: {said}")


def main(minutes: float) -> None:
    """Run it for so long, print the figures and keep them; end with 1 if anything was lost or counted wrongly."""
    with ExitStack() as stack:
        stage = Stage(stack)
        print(heading(), flush=True)
        measured = []
        try:
            for one in run(stage, minutes):
                print(one.line(), flush=True)
                measured.append(replace(one, name=f"{one.name}, {minutes:g} min"))  # the table's rows stay as they are
        except* (Inexact, Broken) as errors:
            sys.exit("\n".join(sorted({str(one) for one in errors.exceptions})))
        print(f"kept in {results.write(stage, measured).relative_to(config.ROOT)}")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else MINUTES)
