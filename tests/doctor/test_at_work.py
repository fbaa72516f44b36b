"""`doctor` names what is not done: no worker, an old outbox, nothing that arrives, no backups, loose keys, a clock."""

import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from sqlalchemy import select, update

from app import clock
from app.db import db, transaction
from app.doctor import clocks
from app.doctor.at_work import ENOUGH_EMAILS, ENOUGH_RETURNED, check_arrival, check_backups, check_outbox, check_worker
from app.doctor.finding import Finding, Verdict
from app.doctor.keys import check_keys
from app.models import (
    BACKED_UP,
    Departures,
    JobSuccess,
    Occasion,
    OutboxProgress,
    OutboxRow,
    Petition,
    Returned,
    ReturnedEmail,
)
from app.outbox.quota import ALL
from tests.dns_server import DnsServer
from tests.doctor.conftest import made
from tests.factories import press_confirm, sign
from tests.mail_server import MailServer, link_in


def only(findings: Iterable[Finding]) -> Finding:
    """Return the one finding, and leave the database as each run of a check does."""
    (finding,) = findings
    db.session.remove()
    return finding


def worked(app: Flask, name: str, ago: timedelta) -> None:
    with app.app_context(), transaction() as session:
        session.merge(JobSuccess(name=name, at=clock.now() - ago))


@pytest.mark.both_databases
def test_no_worker_runs(dns: DnsServer, app: Flask) -> None:
    assert only(check_worker(made())).verdict == Verdict.WRONG
    worked(app, "fold the ledger", timedelta(minutes=6))
    found = only(check_worker(made()))
    assert found.verdict == Verdict.WRONG and "countersign-worker" in found.change
    worked(app, "fold the ledger", timedelta(minutes=1))
    assert only(check_worker(made())).verdict == Verdict.OK


def test_a_backup_is_no_worker(dns: DnsServer, app: Flask) -> None:
    worked(app, BACKED_UP, timedelta(0))
    assert only(check_worker(made())).verdict == Verdict.WRONG


@pytest.mark.both_databases
def test_the_outbox_waits(dns: DnsServer, app: Flask, petition: str, client: FlaskClient) -> None:
    assert only(check_outbox(made())).verdict == Verdict.OK
    sign(client)
    for ago, verdict in ((4, Verdict.OK), (6, Verdict.WARNING), (40, Verdict.WRONG)):
        with app.app_context(), transaction() as session:
            late = {"due_at": clock.now() - timedelta(minutes=ago), "reply": "451: an error in processing"}
            session.execute(update(OutboxRow).values(late))
        found = only(check_outbox(made()))
        assert found.verdict == verdict
    assert "451: an error in processing" in found.found


def test_e_mails_that_wait_for_a_quota_are_no_fault(
    dns: DnsServer, app: Flask, petition: str, client: FlaskClient
) -> None:
    app.config["MAIL_MAX_PER_DAY"] = 5
    sign(client)
    with app.app_context(), transaction() as session:
        session.execute(update(OutboxRow).values(due_at=clock.now() - timedelta(hours=2)))
        session.add(Departures(provider_key=ALL, slot=clock.now(), number=5))
    found = only(check_outbox(made()))
    assert found.verdict == Verdict.WARNING and "MAIL_MAX_PER_DAY" in found.found


@pytest.mark.both_databases
def test_a_relay_takes_everything_and_nobody_confirms(
    dns: DnsServer,
    app: Flask,
    petition: str,
    client: FlaskClient,
    work: Callable[[], int],
    mail_server: MailServer,
) -> None:
    assert only(check_arrival(made())).verdict == Verdict.NOT_TRIED
    for number in range(ENOUGH_EMAILS):
        sign(client, email=f"signer{number}@example.org", name=f"Signer {number}")
    work()
    with app.app_context(), transaction() as session:
        session.execute(update(OutboxRow).values(ended_at=clock.now() - timedelta(hours=5)))
    found = only(check_arrival(made()))
    assert found.verdict == Verdict.WRONG and "delivers nothing" in found.found and "more than 20" in found.found
    press_confirm(client, link_in(mail_server.to("signer7@example.org")[0]))
    assert only(check_arrival(made())).verdict == Verdict.OK


@pytest.mark.both_databases
def test_many_e_mails_come_back(dns: DnsServer, app: Flask) -> None:
    def return_emails(kind: Returned) -> None:
        with app.app_context(), transaction() as session:
            ids = (bytes([len(kind.value), number]) + bytes(14) for number in range(ENOUGH_RETURNED))
            session.add_all([ReturnedEmail(public_id=one, kind=kind, at=clock.now()) for one in ids])

    return_emails(Returned.UNSENT)
    assert only(check_arrival(made())).verdict == Verdict.NOT_TRIED
    return_emails(Returned.HARD)
    many, too_few = check_arrival(made())
    assert many.verdict == Verdict.WARNING and "More than 20 came back" in many.found
    assert too_few.verdict == Verdict.NOT_TRIED


@pytest.mark.both_databases
def test_twenty_of_three_hundred_that_left_are_not_many(dns: DnsServer, app: Flask, petition: str) -> None:
    with app.app_context(), transaction() as session:
        about = {"petition_id": session.scalars(select(Petition.id)).one(), "occasion": Occasion.CONFIRMED}
        left = {
            "progress": OutboxProgress.SENT,
            "ended_at": clock.now(),
            "queued_at": clock.now(),
            "due_at": clock.now(),
        }
        session.add_all(OutboxRow(**about, **left, priority=2) for _ in range(300))
        ids = (bytes([number]) * 16 for number in range(ENOUGH_RETURNED))
        session.add_all(ReturnedEmail(public_id=one, kind=Returned.HARD, at=clock.now()) for one in ids)
    assert only(check_arrival(made())).verdict == Verdict.NOT_TRIED


def test_no_backup_or_an_old_one(dns: DnsServer, app: Flask) -> None:
    assert only(check_backups(made())).verdict == Verdict.WRONG
    assert only(check_backups(made(base_url="http://localhost:8000"))).verdict == Verdict.WARNING
    for days, verdict in ((8, Verdict.WRONG), (3, Verdict.WARNING), (1, Verdict.OK)):
        worked(app, BACKED_UP, timedelta(days=days))
        assert only(check_backups(made())).verdict == verdict


def test_a_backup_is_noted(dns: DnsServer, runner: FlaskCliRunner, tmp_path: Path) -> None:
    advised = re.search(r"`\.venv/bin/flask --app wsgi (backup FOLDER .*?)`", only(check_backups(made())).change)
    assert advised, "a whole command, as it is typed"
    folders = [str(tmp_path / "data"), str(tmp_path / "keys")]
    args = [folders.pop(0) if word == "FOLDER" else word for word in advised[1].split()]
    made_here = runner.invoke(args=args)
    assert made_here.exit_code == 0, made_here.output
    assert only(check_backups(made())).verdict == Verdict.OK


def test_a_backup_that_was_made_otherwise_is_noted(dns: DnsServer, runner: FlaskCliRunner) -> None:
    assert runner.invoke(args=["backup", "--made-otherwise"]).exit_code == 0
    assert only(check_backups(made())).verdict == Verdict.OK


def test_keys_that_others_may_read(dns: DnsServer, app: Flask, tmp_path: Path) -> None:
    app.config["INSTANCE_DIR"] = str(tmp_path)
    tmp_path.chmod(0o700)
    key = tmp_path / "secret_key"
    key.write_text("a key")
    key.chmod(0o640)
    found = {finding.name: finding for finding in check_keys(made())}["Who may read the keys"]
    assert found.verdict == Verdict.WRONG
    assert f"chmod go-rwx {key}" in found.change and "0640" in found.found
    key.chmod(0o600)
    assert {finding.name: finding for finding in check_keys(made())}["Who may read the keys"].verdict == Verdict.OK


def test_a_dkim_key_that_others_may_read(dns: DnsServer, app: Flask, tmp_path: Path, dkim_key: str) -> None:
    key = tmp_path / "dkim.pem"
    key.write_text(dkim_key)
    key.chmod(0o644)
    app.config["DKIM_KEY_FILE"] = key
    found = {finding.name: finding for finding in check_keys(made())}["Who may read the keys"]
    assert found.verdict == Verdict.WRONG and str(key) in found.found


def test_keys_beside_the_database(dns: DnsServer, app: Flask, tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text(app.config["SECRET_KEY"])
    app.config.update(INSTANCE_DIR=str(tmp_path), SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path}/countersign.db")
    place = {finding.name: finding for finding in check_keys(made())}["Place of the keys"]
    assert place.verdict == Verdict.WARNING and "whoever copies that folder" in place.found
    assert place.change.startswith("Copy what stands in secret_key there") and "Make no new keys" in place.change
    assert place.change.index("restart") < place.change.index("remove")
    app.config["SQLALCHEMY_DATABASE_URI"] = "postgresql+psycopg://site:pw@db.example.org/site"
    place = {finding.name: finding for finding in check_keys(made())}["Place of the keys"]
    assert place.verdict == Verdict.WARNING and "a second machine" in place.found


@pytest.mark.postgresql_alone
def test_a_clock_that_is_off(dns: DnsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clocks, "_is_synchronised", lambda: None)
    site = made(base_url="http://localhost:1")
    assert only(clocks.check_clock(site)).verdict == Verdict.OK
    now = clock.now
    for seconds, verdict in ((30, Verdict.WARNING), (-200, Verdict.WRONG)):
        monkeypatch.setattr(clock, "now", lambda seconds=seconds: now() + timedelta(seconds=seconds))
        found = only(clocks.check_clock(site))
        assert found.verdict == verdict
    assert "behind the database" in found.found
