"""`/metrics`: the whole site's numbers, for Prometheus, of which none moves with one draft."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event, update

from app import clock, counters, jobs
from app.db import db, transaction
from app.jobs import JOBS, Schedule
from app.ledger import ledger
from app.models import OutboxRow, State, Tally
from app.outbox.enqueue import PRIORITY_DEFERRED
from app.web.page_cache import PageCache
from tests.apps import make_app
from tests.factories import make_mailbox, make_petition, make_signature, press_confirm, sign
from tests.mail_server import MailServer, link_in

pytestmark = pytest.mark.both_databases

Values = dict[tuple[str, ...], float]


def exported(client: FlaskClient) -> Values:
    """Return each value by the metric's name and its labels."""
    answer = client.get("/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.content_type.startswith("text/plain; version=")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


@pytest.fixture
def every_event_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let counters move with each event, so that a test sees what is counted."""
    monkeypatch.setattr(counters, "EXACT", {counters.REQUESTS, counters.SERVER_ERRORS, counters.EMAILS})


def written(app: Flask) -> None:
    with app.app_context():
        counters.write()


def requests(client: FlaskClient) -> Values:
    return {key[1:]: value for key, value in exported(client).items() if key[0] == "countersign_requests_total"}


def test_requests_are_counted_by_view_method_and_class_of_status_never_by_path(
    app: Flask, client: FlaskClient, petition: str, every_event_shows: None
) -> None:
    for path in (f"/petitions/{petition}", "/petitions/no-such", "/confirm/altered", "/ann@example.org", "/%00"):
        client.get(path, buffered=True)
    client.open("/", method="ZORBLAX", buffered=True)
    written(app)
    assert requests(client) == {
        ("pages.petition", "GET", "2xx"): 1,
        ("pages.petition", "GET", "4xx"): 1,
        ("confirmation.ask", "GET", "4xx"): 1,
        ("unknown", "GET", "4xx"): 2,
        ("unknown", "another", "4xx"): 1,
    }


def test_pages_sent_from_memory_are_counted_like_those_that_are_rendered(
    app: Flask, client: FlaskClient, petition: str, every_event_shows: None
) -> None:
    app.wsgi_app = PageCache(app)  # type: ignore[method-assign]
    page = f"/petitions/{petition}"
    etag = client.get(page).headers["ETag"]
    for link in (page, f"{page}?fbclid=1"):
        client.get(link)
    client.head(page)
    client.get(page, headers={"If-None-Match": etag})
    client.get("/?q=library")
    written(app)
    assert requests(client) == {
        ("pages.petition", "GET", "2xx"): 3,
        ("pages.petition", "HEAD", "2xx"): 1,
        ("pages.petition", "GET", "3xx"): 1,
        ("pages.start", "GET", "2xx"): 1,
    }


def test_faults_are_counted_from_the_first_on(own_app: Flask) -> None:
    def fail() -> str:
        raise ValueError

    own_app.add_url_rule("/fails", view_func=fail, endpoint="fails")
    client = own_app.test_client()
    assert exported(client)[("countersign_server_errors_total",)] == 0
    assert client.get("/fails", buffered=True).status_code == 500
    written(own_app)
    assert exported(client)[("countersign_server_errors_total",)] == 1


def test_verified_signatures_are_those_of_all_petitions_folded_or_not(app: Flask, client: FlaskClient) -> None:
    first, second = make_petition(app), make_petition(app, slug='"another-petition"')
    for slug, email in ((first, "ann"), (first, "bo"), (second, "cy")):
        make_signature(app, slug, email=f"{email}@example.org")
    make_signature(app, first, State.WITHDRAWN, email="di@example.org")
    with app.app_context():
        ledger.fold_all()
    make_signature(app, first, email="ed@example.org")
    assert exported(client)[("countersign_verified_signatures",)] == 4


def test_emails_are_counted_by_what_became_of_them(
    app: Flask, client: FlaskClient, petition: str, work: Callable[[], int], mail_server: MailServer,
    every_event_shows: None,
) -> None:  # fmt: skip
    make_mailbox(app, "declined", "declined@example.org")
    replies = {"refused@example.org": "550 5.1.1 no", "later@example.org": "451 4.7.1 not now"}
    mail_server.answer = replies.get
    for name in ("taken", "refused", "later", "declined"):
        sign(client, email=f"{name}@example.org")
    work()
    written(app)
    values = exported(client)
    results = {key[1]: value for key, value in values.items() if key[0] == "countersign_emails_total"}
    assert results == {"sent": 1, "failed": 1, "put-off": 1, "silent": 1}


def late(client: FlaskClient) -> float:
    return exported(client)[("countersign_outbox_late_seconds",)]


def test_the_outbox_is_late_by_its_longest_due_letter_in_whole_minutes(
    app: Flask, client: FlaskClient, petition: str
) -> None:
    def all_due(ago: timedelta, **values: object) -> None:
        with app.app_context(), transaction() as session:
            session.execute(update(OutboxRow).values(due_at=clock.now() - ago, **values))

    assert late(client) == 0
    sign(client)
    assert late(client) == 0
    all_due(timedelta(seconds=59))
    assert late(client) == 0, "less would show that somebody has just signed"
    for priority in (0, 1, 2, 10_000):
        all_due(timedelta(minutes=3, seconds=30), priority=priority)
        assert late(client) == 180
    all_due(timedelta(hours=-1))
    assert late(client) == 0
    all_due(timedelta(hours=1), priority=PRIORITY_DEFERRED)
    assert late(client) == 0, "the slow lane is late on purpose"


def test_jobs_show_when_they_last_ended_well_and_0_before(app: Flask, client: FlaskClient) -> None:
    def shown() -> dict[str, float]:
        name = "countersign_job_last_success_timestamp_seconds"
        return {key[1]: value for key, value in exported(client).items() if key[0] == name}

    assert shown() == {job.name: 0 for job in JOBS}
    before = clock.now().timestamp()
    with app.app_context():
        Schedule([job for job in JOBS if job.name != "flag bursts"]).run_due()
    times = shown()
    assert times.pop("flag bursts") == 0
    assert all(before <= at <= clock.now().timestamp() for at in times.values())


def test_a_count_that_differs_shows_once_it_was_compared_and_goes_once_it_is_repaired(
    app: Flask, client: FlaskClient, petition: str, runner: FlaskCliRunner
) -> None:
    def drift() -> tuple[float, float]:
        values = exported(client)
        return values[("countersign_count_drift",)], values[("countersign_count_checked_timestamp_seconds",)]

    make_signature(app)
    assert drift() == (0, 0)
    with app.app_context():
        ledger.fold_all()
        jobs.run_all(JOBS)
    sound, checked = drift()
    assert sound == 0 and checked > clock.now().timestamp() - 60
    with app.app_context(), transaction() as session:
        session.execute(update(Tally).values(base=4))
    assert runner.invoke(args=["count", "audit"]).exit_code == 1
    assert drift()[0] == 6, "three too many against the rows, and against the ledger"
    runner.invoke(args=["count", "audit", "--repair"])
    assert drift()[0] == 0


def test_a_draft_its_letter_and_its_end_move_nothing_but_by_chance(
    app: Flask,
    client: FlaskClient,
    petition: str,
    work: Callable[[], int],
    mail_server: MailServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(counters.chance, "random", lambda: 1.0)  # it shows none
    app.wsgi_app = PageCache(app)  # type: ignore[method-assign]
    make_mailbox(app, "declined", "declined@example.org")
    make_mailbox(app, "verified", "verified@example.org")

    def shown() -> Values:
        written(app)
        timed = {"countersign_job_last_success_timestamp_seconds", "countersign_count_checked_timestamp_seconds"}
        return {key: value for key, value in exported(client).items() if key[0] not in timed}

    work()
    before = shown()
    for email in ("ann@example.org", "declined@example.org", "verified@example.org"):
        answer = sign(client, email=email)
        assert shown() == before
        client.get(answer.location)
        work()
        assert shown() == before
    press_confirm(client, link_in(mail_server.to("ann@example.org")[0]))
    moved = {key for key, value in shown().items() if before.get(key) != value}
    assert moved == {("countersign_verified_signatures",)}


def test_asking_reads_a_few_rows_and_writes_nothing(app: Flask, client: FlaskClient, petition: str) -> None:
    make_signature(app)
    statements: list[str] = []
    with app.app_context():
        event.listen(
            db.engine, "before_cursor_execute", lambda c, cursor, statement, *rest: statements.append(statement)
        )
    client.get("/metrics")
    client.get("/readyz")
    assert statements
    assert not [one for one in statements if not one.startswith(("SELECT", "PRAGMA", "BEGIN"))]
    assert not [one for one in statements if " signature" in one.lower() or "count(" in one.lower()]


def test_openmetrics_is_given_to_who_asks_for_it(client: FlaskClient) -> None:
    answer = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.content_type.startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_while_the_database_is_away_there_are_none(tmp_path: Path) -> None:
    answer = make_app(tmp_path, "postgresql://nobody@127.0.0.1:1/nothing").test_client().get("/metrics")
    assert answer.status_code == 503
