"""Counters for whoever watches the site: counted in each process's memory, and added up in the database.

So any process tells the numbers of the whole site, on whichever machine it runs, and they outlive it. Not by
prometheus-client's files for several processes: those are of one machine, and need a folder that somebody empties.

**No single event shows.** What a form sets off, such as an e-mail that is sent or is not, would tell about the address
that was typed. So each event moves a counter by ten or, nine times of ten, not at all, as chance has it: totals come
out right, and nothing can be subtracted from them. What never depends on an address is counted exactly.
"""

import collections
import logging
import math
import secrets
import time
from collections.abc import Iterable
from threading import Lock, Thread
from typing import TYPE_CHECKING

from flask import Flask, current_app

from app import logs
from app.db import db, insert, is_away, transaction
from app.models import Counter

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

EXTENSION = "countersign_counters"
REQUESTS, SERVER_ERRORS, EMAILS = "requests", "server errors", "e-mails"
EXACT = {SERVER_ERRORS}  # a request that failed on our side has kept nothing
STEP = 10
DRAWN_ONE_BY_ONE = 1000
WRITTEN_AFTER_SECONDS = 15
chance = secrets.SystemRandom()  # who watches could guess on from the usual one
log = logging.getLogger(__name__)

Key = tuple[str, ...]  # a counter's name, then its labels, none of which has a space


class Counters:
    """The events that this process has counted and not yet added up in the database."""

    def __init__(self) -> None:
        self._new: list[Key] = []
        self._ready: dict[Key, int] = {}

    def count(self, key: Key) -> None:
        """Count an event. Called for each page from memory, so it does no more than this, which takes no lock."""
        self._new.append(key)

    def ready(self) -> dict[Key, int]:
        """Return what is to be added up now; it stays so until `forget_ready`."""
        new, self._new = self._new, []
        for key, events in collections.Counter(new).items():
            shown = events if key[0] in EXACT else _shown(events)
            if shown:
                self._ready[key] = self._ready.get(key, 0) + shown
        return self._ready

    def forget_ready(self) -> None:
        """Forget what was ready: it is in the database."""
        self._ready = {}


def _shown(events: int) -> int:
    """Return by how much so many events move a counter: each by STEP with a chance of one in STEP, or not at all."""
    share = 1 / STEP
    if events <= DRAWN_ONE_BY_ONE:
        return STEP * sum(chance.random() < share for _ in range(events))
    # As many as that are spread like this, as far as anybody can tell.
    return STEP * max(0, round(chance.gauss(events * share, math.sqrt(events * share * (1 - share)))))


def init_app(app: Flask) -> None:
    """Give the app its counters."""
    app.extensions[EXTENSION] = Counters()


def of(app: Flask) -> Counters:
    """Return the app's counters."""
    counters: Counters = app.extensions[EXTENSION]
    return counters


def count(name: str, *labels: str) -> None:
    """Count an event of the app in use."""
    of(current_app).count((name, *labels))


def write() -> int:
    """Add what this process has counted to the database, as far as it may show; return how many counters moved."""
    counters = of(current_app)
    # In one order everywhere, so that two processes never wait for each other.
    rows = [
        {"name": name, "labels": " ".join(labels), "total": events}
        for (name, *labels), events in sorted(counters.ready().items())
    ]
    if rows:
        new = insert(Counter).values(rows)
        total = {"total": Counter.total + new.excluded.total}
        with transaction() as session:
            session.execute(new.on_conflict_do_update(index_elements=["name", "labels"], set_=total))
        counters.forget_ready()
    return len(rows)


def write_from_first_request(app: Flask) -> None:
    """Have a thread of this process write its counters from its first request on: commands load the app too."""
    serve, lock = app.wsgi_app, Lock()

    def begin(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        with lock:
            if app.wsgi_app is begin:
                app.wsgi_app = serve  # type: ignore[method-assign]
                Thread(target=_keep_writing, args=(app,), name="counters", daemon=True).start()
        return serve(environ, start_response)

    app.wsgi_app = begin  # type: ignore[method-assign]


def _keep_writing(app: Flask) -> None:
    while True:
        time.sleep(WRITTEN_AFTER_SECONDS)
        with app.app_context():
            try:
                write()
            except Exception as error:  # noqa: BLE001 - what is counted waits for the next time
                if not is_away(error):  # of which requests tell
                    log.error("counters cannot be written: %s", logs.describe_error(error))  # noqa: TRY400
            finally:
                db.session.remove()
