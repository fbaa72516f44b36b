"""A crowd: readers of a petition's page without a pause, while people confirm at a pace; and the same without them."""

import asyncio
import time
from collections.abc import Iterator
from threading import Thread

from bench import load, people
from bench.figure import ROUNDS, Figure, middle, ratios
from bench.paced import Door, at_a_pace
from bench.page import ACCEPTED, PATH
from bench.people import Waiting
from bench.stage import Stage

READERS = 8
SECONDS = 3
CONFIRMS_A_SECOND = 100


def run(stage: Stage) -> Iterator[Figure]:
    """Measure both, in turns."""
    database = stage.database("crowd")
    app = stage.app(database)
    port = stage.serve_site(database)
    page = load.get(PATH, Accept_Encoding=ACCEPTED)

    def read() -> float:
        return load.rate(port, [page], 200, READERS, SECONDS, again=True)

    read()
    rounds, confirmed = [], []
    for number in range(ROUNDS):
        waiting = people.make_drafts(app, CONFIRMS_A_SECOND * SECONDS, number * CONFIRMS_A_SECOND * SECONDS)
        alone = read()
        confirming = _Confirming(port, waiting)
        confirming.start()
        rounds.append((read(), alone))
        confirming.join()
        confirmed.append(confirming.per_second)
    detail = f"{CONFIRMS_A_SECOND}/s asked for"
    yield Figure("confirm: while 8 readers read", confirmed, "/s", at_least=90, detail=detail)
    detail = f"{middle(rounds, 0)}/s of {middle(rounds, 1)}/s"
    yield Figure("page: while people confirm / without", ratios(rounds), "x", at_least=0.8, detail=detail)


class _Confirming(Thread):
    """Confirms drafts at the pace; then `per_second` is how many were confirmed in a second."""

    def __init__(self, port: int, waiting: list[Waiting]) -> None:
        super().__init__(daemon=True)
        self._port, self._waiting = port, waiting
        self.per_second = 0.0

    def run(self) -> None:
        asyncio.run(self._confirm_all())

    async def _confirm_all(self) -> None:
        door = Door(self._port)

        async def confirm(number: int, due: float) -> None:
            one = self._waiting[number]
            answer = await door.ask(load.post(f"/confirm/{one.token}", one.form, Sec_Fetch_Site="same-origin"))
            if answer.status != 303:
                raise RuntimeError(f"a confirmation was answered with {answer.status}")

        began = time.perf_counter()
        await at_a_pace(CONFIRMS_A_SECOND, SECONDS, confirm)
        self.per_second = len(self._waiting) / (time.perf_counter() - began)
        await door.close()
