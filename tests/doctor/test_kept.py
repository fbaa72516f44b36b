"""System health: what the worker found, kept for administrators, looked for by one worker each quarter of an hour."""

import threading
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import clock
from app.db import db, transaction
from app.doctor import kept
from app.doctor.finding import Finding, Verdict, ok, wrong
from app.models import HealthReport, Role
from app.worker import Worker
from tests.organisers.people import signed_in

FOUND = [ok("Outbox", "Nothing is late."), wrong("Worker", "None has worked <since>.", "Start it.")]


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What is found is always the same; each look is counted."""
    counted: list[int] = []

    def examine() -> list[Finding]:
        counted.append(1)
        return FOUND

    monkeypatch.setattr(kept, "examine", examine)
    return counted


def begun(app: Flask, ago: timedelta) -> None:
    with app.app_context(), transaction() as session:
        session.get_one(HealthReport, 1).begun_at = clock.now() - ago


@pytest.mark.both_databases
def test_one_worker_looks_each_quarter_of_an_hour(app: Flask, looks: list[int]) -> None:
    with app.app_context():
        assert kept.newest_report() is None
        assert kept.refresh_due() == len(FOUND)
        db.session.remove()
        report = kept.newest_report()
        assert report and [finding.verdict for finding in report.findings] == [Verdict.WRONG, Verdict.OK]
        assert kept.refresh_due() == 0
    begun(app, kept.EVERY + timedelta(seconds=1))
    with app.app_context():
        assert kept.refresh_due() == len(FOUND)
    begun(app, -kept.EVERY - timedelta(minutes=1))  # the clock has gone back since
    with app.app_context():
        assert kept.refresh_due() == len(FOUND)
    assert len(looks) == 3


@pytest.mark.both_databases
def test_of_two_workers_at_once_one_looks(app: Flask, looks: list[int]) -> None:
    def look() -> None:
        with app.app_context():
            kept.refresh_due()
            db.session.remove()

    both = [threading.Thread(target=look) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert len(looks) == 1


def test_administrators_see_what_was_found(app: Flask, looks: list[int], petition: str) -> None:
    administrator = signed_in(app, role=Role.OWNER, administrator=True)
    assert "has not looked yet" in administrator.get("/organise/health").text
    with app.app_context():
        kept.refresh_due()
    page = administrator.get("/organise/health").text
    assert page.index("None has worked &lt;since&gt;.") < page.index("Nothing is late.")
    assert "Start it." in page
    assert "/organise/health" in administrator.get("/organise/people").text


def test_nobody_else_sees_it(app: Flask, client: FlaskClient, petition: str) -> None:
    assert signed_in(app, role=Role.OWNER).get("/organise/health").status_code == 404
    assert client.get("/organise/health").status_code in {302, 303}


def test_looking_at_the_page_asks_nobody(app: Flask, looks: list[int], petition: str) -> None:
    signed_in(app, administrator=True).get("/organise/health")
    assert looks == []


def test_the_worker_looks_by_itself(app: Flask, looks: list[int]) -> None:
    with app.app_context():
        assert Worker().health.turn() == 0
    assert len(looks) == 1
