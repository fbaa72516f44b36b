"""Counters: added up over all processes, kept through a database that is away, and never moved by a single event."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from app import counters
from app.counters import EMAILS, REQUESTS, SERVER_ERRORS, STEP, Counters
from app.db import db
from app.models import Counter
from tests.apps import make_app
from tests.concurrency.test_races import at_once

pytestmark = pytest.mark.both_databases

KEY = (REQUESTS, "signing.sign", "POST", "3xx")


@pytest.fixture
def as_soon_as_possible(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every counter move by each event."""
    monkeypatch.setattr(counters, "STEP", 1)


@pytest.fixture
def another_process(app: Flask, database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """Return the site as another process of it has loaded it."""
    other = make_app(tmp_path, database_url)
    yield other
    with other.app_context():
        db.session.remove()
        db.engine.dispose()


def counted(app: Flask, key: tuple[str, ...], events: int) -> None:
    for _ in range(events):
        counters.of(app).count(key)


def written(app: Flask) -> dict[str, int]:
    """Let the app write its counters; return what the database has."""
    with app.app_context():
        counters.write()
        db.session.rollback()
        return dict(db.session.execute(select(Counter.labels, Counter.total)).all())


def test_counters_of_all_processes_are_added_up(app: Flask, another_process: Flask, as_soon_as_possible: None) -> None:
    for process, events in ((app, 20), (another_process, 30), (app, 40)):
        counted(process, KEY, events)
        written(process)
    assert written(app) == {"signing.sign POST 3xx": 90}


def test_processes_that_write_at_once_lose_nothing(
    app: Flask, another_process: Flask, as_soon_as_possible: None
) -> None:
    keys = [(EMAILS, f"result-{number}") for number in range(20)]

    def work(which: int) -> None:
        process = (app, another_process)[which]
        for _ in range(4):
            for key in keys:
                counted(process, key, STEP)
            written(process)

    at_once(2, work)
    assert written(app) == {f"result-{number}": 8 * STEP for number in range(20)}


def test_threads_that_count_at_once_lose_nothing(app: Flask, as_soon_as_possible: None) -> None:
    at_once(8, lambda which: counted(app, KEY, 5_000))
    assert written(app) == {"signing.sign POST 3xx": 40_000}


@pytest.mark.parametrize(("events", "rounds"), [(1, 4_000), (40, 400), (2_000, 400)])
def test_events_move_a_counter_by_tens_and_on_average_as_often_as_they_are(events: int, rounds: int) -> None:
    totals = []
    for _ in range(rounds):
        process = Counters()
        for _ in range(events):
            process.count(KEY)
        totals.append(process.ready().get(KEY, 0))
    assert {total % STEP for total in totals} == {0}
    deviation = (events * (STEP - 1) / rounds) ** 0.5
    assert abs(sum(totals) / rounds - events) < 6 * deviation


def test_what_came_before_does_not_tell_whether_one_event_more_shows() -> None:
    """Somebody who adds events of their own until a counter moves learns nothing of the one before them."""

    def own_until_it_moves(process: Counters) -> int:
        own, before = 0, process.ready().get(KEY, 0)
        while process.ready().get(KEY, 0) == before:
            process.count(KEY)
            own += 1
        return process.ready()[KEY] - before - own

    told: dict[bool, list[int]] = {True: [], False: []}
    for happened in (True, False) * 2_000:
        process = Counters()
        if happened:
            process.count(KEY)
            process.ready()
        told[happened].append(own_until_it_moves(process))
    middle = {happened: sum(values) / len(values) for happened, values in told.items()}
    assert abs(middle[True] - middle[False]) < 2, "seven times the standard deviation of the difference"


def test_failures_of_ours_show_at_once(app: Flask) -> None:
    counted(app, (SERVER_ERRORS,), 1)
    assert written(app) == {"": 1}


def test_what_cannot_be_written_waits(app: Flask, as_soon_as_possible: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OperationalError("", {}, Exception())

    counted(app, KEY, 10)
    with monkeypatch.context() as patched:
        patched.setattr(counters, "transaction", away)
        with pytest.raises(OperationalError):
            written(app)
    counted(app, KEY, 12)
    assert written(app) == {"signing.sign POST 3xx": 22}


def test_nothing_is_written_where_nothing_moved(app: Flask) -> None:
    with app.app_context():
        assert counters.write() == 0


def test_a_process_begins_to_write_with_its_first_request_and_once(
    own_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Callable[[], object]] = []

    class Started(threading.Thread):
        def start(self) -> None:
            started.append(self.run)

    monkeypatch.setattr(counters, "Thread", Started)
    counters.write_from_first_request(own_app)
    assert started == [], "commands load the app and answer nobody"
    client = own_app.test_client()
    assert [client.get("/healthz").status_code for _ in range(3)] == [200] * 3
    assert len(started) == 1

    turns = iter([None, None])

    def two_turns(seconds: float) -> None:
        if next(turns, "over") == "over":
            raise InterruptedError

    monkeypatch.setattr(counters.time, "sleep", two_turns)
    counted(own_app, (SERVER_ERRORS,), 1)
    with pytest.raises(InterruptedError):
        started[0]()
    assert written(own_app) == {"": 1}
