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
    """Let every counter move once it may."""
    monkeypatch.setattr(counters.chance, "random", lambda: 1.0)


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


def test_fewer_than_ten_events_never_show(app: Flask, as_soon_as_possible: None) -> None:
    for _ in range(STEP - 1):
        counted(app, KEY, 1)
        assert written(app) == {}
    counted(app, KEY, 1)
    assert written(app) == {"signing.sign POST 3xx": STEP}
    counted(app, KEY, 1)
    assert written(app) == {"signing.sign POST 3xx": STEP}


def test_one_more_event_moves_a_counter_once_in_ten_times_however_many_came_before() -> None:
    for before in (STEP, 2 * STEP, 50 * STEP):
        moved = 0
        for _ in range(2_000):
            held = Counters()
            held._held[KEY] = before - 1
            held.count(KEY)
            moved += bool(held.ready())
        assert 120 < moved < 290, "a tenth of 2,000, by seven times the standard deviation"


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
