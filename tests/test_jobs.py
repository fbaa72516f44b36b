"""Periodic jobs fail alone: whichever one raises, all others are done and e-mails leave."""

import logging
import os
import sys
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from sqlalchemy import delete, event, select, update

from app import clock, jobs
from app.db import db, transaction
from app.jobs import JOBS, RETENTION, Job, Schedule
from app.ledger import ledger
from app.models import CodeTries, Declined, Draft, JobSuccess, LedgerEntry, OutboxRow, Petition, SpentProof, Tally
from tests.factories import make_mailbox, make_petition, make_signature, sign, verified, written
from tests.log import caught
from tests.mail_server import MailServer

pytestmark = pytest.mark.both_databases


def raising(job: Job) -> Job:
    def fail() -> int:
        raise KeyError("secret@example.org")

    return Job(job.name, job.interval, fail)


@pytest.mark.parametrize("broken", range(len(JOBS)), ids=[job.name for job in JOBS])
def test_a_job_that_raises_stops_neither_the_others_nor_the_mail(
    app: Flask,
    client: FlaskClient,
    petition: str,
    work: Callable[[], int],
    mail_server: MailServer,
    monkeypatch: pytest.MonkeyPatch,
    broken: int,
) -> None:
    done: list[str] = []

    def noted(job: Job) -> Job:
        def run() -> int:
            number = job.run()
            done.append(job.name)
            return number

        return Job(job.name, job.interval, run)

    table = tuple(raising(job) if at == broken else noted(job) for at, job in enumerate(JOBS))
    monkeypatch.setattr(jobs, "JOBS", table)
    sign(client, email="ann@example.org")
    with caught(logging.INFO) as log:
        assert work() == 1
    assert done == [job.name for at, job in enumerate(JOBS) if at != broken]
    assert len(mail_server.to("ann@example.org")) == 1
    assert f"job failed: {JOBS[broken].name}: KeyError" in log.getvalue()
    assert "secret@example.org" not in log.getvalue()


def test_a_job_that_did_something_has_its_line_in_the_log(app: Flask, petition: str) -> None:
    with app.app_context():
        jobs.run_all(JOBS)
    make_signature(app)
    with app.app_context(), caught(logging.INFO) as log:
        jobs.run_all(JOBS)
    lines = {line["message"]: line for line in log.lines() if str(line.get("message")).startswith("job: ")}
    assert set(lines) - {"job: add up kept sums"} == {"job: fold the ledger"}  # on PostgreSQL there are parts to add up
    line = lines["job: fold the ledger"]
    assert line["done"] == 1
    assert line["ms"] > 0


def test_jobs_run_when_they_are_due_and_not_again_before(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(jobs.time, "monotonic", lambda: now[0])
    ran: list[str] = []

    def job(name: str, seconds: int) -> Job:
        return Job(name, timedelta(seconds=seconds), lambda: ran.append(name) or 1)

    failing = raising(Job("failing", timedelta(seconds=1), lambda: 0))
    schedule = Schedule([job("often", 1), job("seldom", 60), failing])
    with app.app_context():
        assert [schedule.run_due(), schedule.run_due()] == [2, 0]
        now[0] += 1
        assert schedule.run_due() == 1
        now[0] += 60
        assert schedule.run_due() == 2
    assert ran == ["often", "seldom", "often", "often", "seldom"]


def test_one_missing_tally_ends_neither_folding_nor_mail_and_is_made_anew(
    app: Flask, client: FlaskClient, work: Callable[[], int], mail_server: MailServer
) -> None:
    broken, sound = make_petition(app), make_petition(app, slug='"another-petition"')
    for slug in (broken, sound):
        make_signature(app, slug)
        with app.app_context():
            ledger.fold_all()
        make_signature(app, slug, email="bo@example.org")
    with app.app_context(), transaction() as session:
        petition_id = session.scalars(select(Petition.id).where(Petition.slug == broken)).one()
        session.execute(delete(Tally).where(Tally.petition_id == petition_id))
    sign(client, sound, email="cy@example.org")
    work()
    assert len(mail_server.to("cy@example.org")) == 1
    with app.app_context():
        assert db.session.scalars(select(LedgerEntry.folded)).all() == [True] * 4
    assert [verified(client, slug) for slug in (broken, sound)] == [2, 2]


def test_a_petition_that_cannot_be_folded_keeps_no_other_from_it(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    slugs = [make_petition(app), make_petition(app, slug='"another-petition"')]
    for slug in slugs:
        make_signature(app, slug)
    with app.app_context():
        with transaction() as session:
            first = session.scalars(select(Petition.id).where(Petition.slug == slugs[0])).one()
            # More than a tally holds: the database refuses the sum.
            session.execute(update(Tally).where(Tally.petition_id == first).values(base=2**63 - 1))
        assert ledger.fold_all() == 1
        folded = dict(db.session.execute(select(LedgerEntry.petition_id, LedgerEntry.folded)).all())
    assert folded == {petition_id: petition_id != first for petition_id in folded}
    assert f"petition {first} cannot be folded" in caplog.text


def test_what_is_due_is_deleted_in_batches(
    app: Flask, client: FlaskClient, petition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["app.db"], "BATCH_SIZE", 2)
    long_ago = clock.now() - timedelta(days=30)
    for number in range(5):
        make_mailbox(app, "draft", f"draft{number}@example.org")
        make_mailbox(app, "declined", f"declined{number}@example.org")
        sign(client, email=f"ended{number}@example.org")
    with app.app_context(), transaction() as session:
        session.execute(update(Draft).values(expires_at=long_ago))
        session.execute(update(OutboxRow).values(ended_at=long_ago, progress="sent"))
        for mark in session.scalars(select(Declined)):
            mark.undo_until, mark.unwanted = long_ago, os.urandom(16)
        keys = [bytes([number]) * 32 for number in range(5)]
        session.add_all(SpentProof(key=key, until=long_ago) for key in keys)
        session.add_all(CodeTries(email_key=key, tries=1, since=long_ago) for key in keys)
    with app.app_context():
        done = jobs.run_all(RETENTION)
    assert {name: number for name, number in done.items() if number} == {
        "purge unconfirmed drafts": 10,
        "purge ended e-mails": 5,
        "purge spent proofs of work": 5,
        "forget declined mailboxes": 5,
        "forget tries of codes": 5,
    }
    assert written(app) == (0, 0)


def test_where_nothing_is_due_no_job_writes(app: Flask, petition: str) -> None:
    make_signature(app)
    with app.app_context():
        jobs.run_all(JOBS)
        statements: list[str] = []

        def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
            statements.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            assert set(jobs.run_all(JOBS).values()) == {0}
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
    assert statements
    assert [statement for statement in statements if not statement.startswith(("SELECT", "WITH", "BEGIN"))] == []
    assert not [statement for statement in statements if statement == "BEGIN IMMEDIATE" or "FOR UPDATE" in statement]


def successes(app: Flask) -> dict[str, datetime]:
    with app.app_context():
        return dict(db.session.execute(select(JobSuccess.name, JobSuccess.at)).all())


def test_when_jobs_succeeded_is_kept_once_a_minute_and_a_failure_leaves_it(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, begun = [1000.0], clock.now()
    monkeypatch.setattr(jobs.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(clock, "now", lambda: begun + timedelta(seconds=now[0] - 1000))
    broken = [False]

    def fail_later() -> int:
        if broken[0]:
            raise KeyError
        return 0

    schedule = Schedule([Job("sound", timedelta(seconds=1), int), Job("broken", timedelta(seconds=1), fail_later)])
    for seconds, kept in ((0, 0), (30, 0), (60, 60)):
        now[0] = 1000 + seconds
        with app.app_context():
            schedule.run_due()
        assert successes(app) == dict.fromkeys(("sound", "broken"), begun + timedelta(seconds=kept))
    broken[0], now[0] = True, 1200
    with app.app_context():
        schedule.run_due()
    assert successes(app) == {"sound": begun + timedelta(seconds=200), "broken": begun + timedelta(seconds=60)}


def test_jobs_go_on_where_it_cannot_be_kept_when_they_succeeded(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = [1000.0]
    monkeypatch.setattr(jobs.time, "monotonic", lambda: now[0])
    schedule = Schedule([Job("sound", timedelta(seconds=1), lambda: 1)])
    with app.app_context(), monkeypatch.context() as patched:
        patched.setattr(jobs, "transaction", raising(RETENTION[0]).run)
        assert schedule.run_due() == 1
        now[0] += 1
        assert schedule.run_due() == 1
    assert caplog.text.count("cannot keep when jobs succeeded: KeyError") == 1, "once a minute at most"
    assert successes(app) == {}
    now[0] += 60
    with app.app_context():
        schedule.run_due()
    assert successes(app).keys() == {"sound"}


def test_purging_by_hand_says_what_failed_and_does_the_rest(
    runner: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert runner.invoke(args=["signatures", "purge"]).exit_code == 0
    monkeypatch.setattr(jobs, "RETENTION", (raising(RETENTION[0]), *RETENTION[1:]))
    result = runner.invoke(args=["signatures", "purge"])
    assert result.exit_code == 1
    assert f"{RETENTION[0].name}: FAILED" in result.output
    assert all(f"{job.name}: 0" in result.output for job in RETENTION[1:])
