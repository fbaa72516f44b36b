"""The worker: whatever goes wrong with mail or database, it goes on, and its other work is done."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from app import clock, jobs, worker
from app.db import db, transaction
from app.models import Draft, LedgerEntry
from app.worker import Worker
from tests.factories import drafts, make_signature, sign, signatures
from tests.mail_server import MailServer
from tests.signing.test_sign import statements

pytestmark = pytest.mark.both_databases


def test_a_mail_server_that_is_down_puts_off_neither_folding_nor_forgetting(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer
) -> None:
    mail_server.stop()
    make_signature(app, email="verified@example.org")
    sign(client, email="expired@example.org")
    with app.app_context(), transaction() as session:
        session.execute(update(Draft).values(expires_at=clock.now() - timedelta(days=1)))
    sign(client, email="new@example.org")
    with app.app_context():
        running = Worker()
        assert running.letters.turn() > worker.IDLE_SECONDS
        running.jobs.turn()
    assert [draft.expires_at for draft in drafts(app)] == [None]
    assert len(signatures(app)) == 1
    with app.app_context(), transaction() as session:
        assert [entry.folded for entry in session.query(LedgerEntry)] == [True]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (OperationalError("SELECT secret@example.org", {}, Exception()), "the database is away"),
        (KeyError("secret@example.org"), "fault"),
    ],
    ids=["database away", "a fault of our own"],
)
def test_any_trouble_makes_it_wait_longer_each_time_and_tells_no_address(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fault: Exception, told: str
) -> None:
    def fail(*_: object) -> int:
        raise fault

    monkeypatch.setattr(worker, "deliver", fail)
    running = Worker()
    with app.app_context():
        waits = [running.letters.turn() for _ in range(6)]
    assert waits[5] > waits[0] * 2
    assert max(waits) <= worker.MAX_PAUSE_SECONDS
    assert told in caplog.text
    assert "secret@example.org" not in caplog.text


def test_an_idle_worker_asks_the_database_four_times_a_second_at_most(app: Flask, petition: str) -> None:
    make_signature(app)
    idle = Worker()
    for turn in (idle.letters.turn, idle.deliveries.turn, idle.jobs.turn):
        with app.app_context():
            turn()

    def asked_by(work: Callable[[], object]) -> int:
        with app.app_context(), statements(app) as seen:
            work()
            db.session.remove()
        return len([one for one in seen if one != "BEGIN"])  # which is SQLite's, and costs nothing

    a_second = asked_by(idle.letters.turn) / worker.IDLE_SECONDS
    a_second += asked_by(idle.deliveries.turn) / worker.IDLE_DELIVERIES_SECONDS
    a_second += sum(asked_by(job.run) / job.interval.total_seconds() for job in jobs.JOBS)
    schedule = jobs.Schedule([jobs.Job("nothing", jobs.MINUTE, int)])
    a_second += asked_by(schedule.run_due) / jobs.MINUTE.total_seconds()  # it tells that jobs succeeded
    assert a_second <= 4
