"""Two processes that write the same rows: each takes them in the same order, so none is ended by a deadlock."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from app import clock, counters
from app.db import db, transaction
from app.jobs import Job, Schedule
from app.models import Counter, JobSuccess
from tests.site import wait_until

pytestmark = pytest.mark.postgresql_alone


def write_counters(app: Flask, names: list[str]) -> None:
    for name in names:
        counters.of(app).count((counters.SERVER_ERRORS, name))
    with app.app_context():
        assert counters.write() == len(names)


def tell_of_jobs(app: Flask, names: list[str]) -> None:
    with app.app_context():
        Schedule([Job(name, timedelta(seconds=1), int) for name in names]).run_due()


@pytest.mark.parametrize(
    ("write", "touch"),
    [
        (write_counters, "UPDATE counter SET total = total + 1 WHERE labels = :name"),
        (tell_of_jobs, "UPDATE job_success SET at = at WHERE name = :name"),
    ],
)
def test_who_comes_second_waits_and_holds_nothing_that_the_first_still_needs(
    app: Flask, write: Callable[[Flask, list[str]], None], touch: str, caplog: pytest.LogCaptureFixture
) -> None:
    with app.app_context(), transaction() as session:
        for name in ("a", "b"):
            session.add(Counter(name=counters.SERVER_ERRORS, labels=name, total=0))
            session.add(JobSuccess(name=name, at=clock.now()))
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    with app.app_context(), ThreadPoolExecutor(1) as pool, db.engine.connect() as looking:
        with db.engine.connect().execution_options(isolation_level="READ COMMITTED") as first:
            first.execute(text(touch), {"name": "a"})
            second = pool.submit(write, app, ["b", "a"])
            wait_until(lambda: looking.execute(waiting).scalar_one())
            first.execute(text(touch), {"name": "b"})
            first.commit()
        second.result()
    assert not caplog.records
