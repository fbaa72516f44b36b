"""What counting a form costs while 100,000 clients are remembered, against none: in memory, without Redis."""

import time
from collections.abc import Iterator

from flask import Flask

from app.web import rate_limits
from app.web.client_memory import MAX_CLIENTS
from app.web.rate_limits import Action
from bench.figure import Figure, in_turns, middle, ratios
from bench.stage import Stage

FORMS = 2000


def run(stage: Stage) -> Iterator[Figure]:
    """Measure an app that remembers nobody, and one that remembers as many as it may."""
    database = stage.database("limits")
    empty, full = stage.app(database), stage.app(database)
    memory = full.extensions[rate_limits.EXTENSION].memory
    for number in range(MAX_CLIENTS):
        memory.acquire_entry(f"client {number}", rate_limits.MAX_FORMS, rate_limits.WINDOW_MINUTES * 60)
    pairs = in_turns(lambda: _count_forms(full), lambda: _count_forms(empty))
    detail = f"{middle(pairs, 0)} us of {middle(pairs, 1)} us"
    yield Figure("limits: a form with 100,000 clients / with none", ratios(pairs), "x", at_most=1.3, detail=detail)


def _count_forms(app: Flask) -> float:
    """Count a form from each of some clients; return the microseconds that one takes."""
    began = time.perf_counter()
    for number in range(FORMS):
        with app.test_request_context(environ_base={"REMOTE_ADDR": f"10.0.{number >> 8}.{number & 255}"}):
            rate_limits.hit(Action.SIGN)
    return (time.perf_counter() - began) / FORMS * 1e6
