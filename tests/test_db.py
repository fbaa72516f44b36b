"""Transactions do not nest, batches go along indexes, and a statement that takes too long is a fault of ours."""

import logging
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, event, select, text
from sqlalchemy.exc import OperationalError

from app import jobs, worker
from app.db import db, is_away, snapshot, transaction
from app.models import Petition
from app.worker import Worker
from tests.apps import make_app
from tests.database_fixtures import _never_wait_for_the_disk
from tests.factories import make_signature
from tests.log import caught

FULL = 2  # as SQLite tells it: each commit is on the disk before it is answered


@pytest.mark.both_databases
@pytest.mark.parametrize("inner", [transaction, snapshot])
@pytest.mark.parametrize("outer", [transaction, snapshot])
def test_transactions_refuse_to_nest_and_the_outer_one_rolls_back(
    app: Flask, petition: str, outer: Callable[..., object], inner: Callable[..., object]
) -> None:
    def nest() -> None:
        with outer() as session:  # type: ignore[attr-defined]
            session.get_one(Petition, 1).contact = "changed@example.org"
            with inner():  # type: ignore[attr-defined]
                pytest.fail("it nests")

    with app.app_context():
        with pytest.raises(RuntimeError, match="do not nest"):
            nest()
        assert db.session.scalars(select(Petition.contact)).one() == "library@example.org"
        with transaction() as session:  # the next one is as good as any
            session.get_one(Petition, 1).contact = "changed@example.org"
        assert db.session.scalars(select(Petition.contact)).one() == "changed@example.org"


@pytest.mark.both_databases
def test_every_batch_of_a_job_is_found_along_an_index(app: Flask, petition: str) -> None:
    looked: list[tuple[str, object]] = []

    def note(connection: object, cursor: object, statement: str, parameters: object, *rest: object) -> None:
        if statement.startswith("SELECT"):
            looked.append((statement, parameters))

    make_signature(app)
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
        try:
            jobs.run_all(jobs.RETENTION)
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        is_postgresql = db.engine.dialect.name == "postgresql"
        large = ("signature", "outbox", "spent_proof")
        with db.engine.connect() as connection:
            if is_postgresql:  # so few rows would be scanned by anybody
                connection.exec_driver_sql("SET enable_seqscan = off")
            explain = "EXPLAIN " if is_postgresql else "EXPLAIN QUERY PLAN "
            plans = [
                str(connection.exec_driver_sql(explain + statement, parameters).all())  # type: ignore[arg-type]
                for statement, parameters in looked
            ]
    assert len(plans) >= len(jobs.RETENTION)
    scans = [f"{'Seq Scan on' if is_postgresql else 'SCAN'} {table}{end}" for table in large for end in (" ", "'")]
    assert [plan for plan in plans if any(scan in plan and "USING" not in plan for scan in scans)] == []


@pytest.mark.postgresql_alone
def test_requests_alone_have_a_statement_timeout(app: Flask) -> None:
    ask = text("SHOW statement_timeout")
    with app.app_context():
        assert db.session.execute(ask).scalar_one() == "0"
        db.session.remove()
        db.engine.dispose()
    with app.test_request_context():
        assert db.session.execute(ask).scalar_one() == "30s"


@pytest.mark.postgresql_alone
def test_a_statement_that_took_too_long_is_a_fault_and_not_a_database_that_is_away(
    own_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["app.connections"], "REQUEST_STATEMENT_TIMEOUT_MS", 100)

    @own_app.get("/slow")
    def slow() -> str:
        db.session.execute(text("SELECT pg_sleep(5)"))
        return "in time"

    with caught(logging.ERROR) as log:
        answer = own_app.test_client().get("/slow")
    assert answer.status_code == 500
    assert "Retry-After" not in answer.headers
    assert "fault in slow: OperationalError" in log.getvalue()
    assert "away" not in log.getvalue()


@pytest.mark.postgresql_alone
def test_the_worker_tells_a_cancelled_statement_from_a_database_that_is_away(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def deliver(*_: object) -> int:
        with transaction() as session:
            session.execute(text("SET LOCAL statement_timeout = 50"))
            session.execute(text("SELECT pg_sleep(5)"))
        return 0

    monkeypatch.setattr(worker, "deliver", deliver)
    with app.app_context():
        Worker().letters.turn()
    assert "fault in the worker: OperationalError" in caplog.text
    assert "the database is away" not in caplog.text


def test_a_database_that_does_not_answer_is_away(tmp_path: Path) -> None:
    app = make_app(tmp_path, "postgresql://nobody@127.0.0.1:1/none")
    with app.app_context(), pytest.raises(OperationalError) as raised:
        db.session.execute(text("SELECT 1"))
    assert is_away(raised.value)


def test_sqlite_writes_over_what_is_deleted(app: Flask, database_url: str) -> None:
    words = "remembered no more"

    def connect(dialect: object, record: object, arguments: tuple[str, ...], options: dict[str, Any]) -> object:
        connection = sqlite3.connect(*arguments, **options)
        connection.execute("PRAGMA secure_delete=OFF")  # as SQLite is built in many places
        return connection

    with app.app_context():
        event.listen(db.engine, "do_connect", connect)
        with db.engine.begin() as connection:
            connection.execute(text("CREATE TABLE note (id INTEGER PRIMARY KEY, words TEXT)"))
            connection.execute(text("INSERT INTO note VALUES (1, :words), (2, 'stays')"), {"words": words})
        with db.engine.connect() as connection:
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        file = Path(database_url.removeprefix("sqlite:///"))
        assert words.encode() in file.read_bytes()
        with db.engine.begin() as connection:
            connection.execute(text("DELETE FROM note WHERE id = 1"))
        db.engine.dispose()
        event.remove(db.engine, "do_connect", connect)
        assert words.encode() not in file.read_bytes()


def test_sqlite_keeps_what_it_answered_for_and_lets_readers_read_and_writers_wait(tmp_path: Path) -> None:
    event.remove(Engine, "connect", _never_wait_for_the_disk)  # what the app itself asks for
    try:
        app = make_app(tmp_path, f"sqlite:///{tmp_path}/own.db")
        with app.app_context(), db.engine.connect() as connection:
            told = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
                for name in ("journal_mode", "synchronous", "busy_timeout")
            }
        with app.app_context():
            db.engine.dispose()
    finally:
        event.listen(Engine, "connect", _never_wait_for_the_disk)
    assert told["journal_mode"] == "wal"
    assert told["synchronous"] == FULL
    assert told["busy_timeout"] >= 10_000  # milliseconds: many batches of a job, one after the other
