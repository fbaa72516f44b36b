"""The slow lane: a flood of forms without a proof of work causes 60 letters an hour; others do not wait."""

import os
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from sqlalchemy import func, insert, select

from app import clock
from app.db import db, transaction
from app.email.letter import Letter
from app.models import Draft, Occasion, OutboxProgress, OutboxRow
from app.outbox import deliver as delivering
from app.petitions.page import find_edition
from app.signing import proof_of_work
from app.worker import LETTERS
from tests.concurrency.test_races import at_once
from tests.factories import SLUG, hidden_fields, make_petition, press_confirm, proof, sign, signatures
from tests.mail_server import MailServer, link_in
from tests.outbox.test_deliver import Work, make_all_due

pytestmark = pytest.mark.both_databases

MOST = 60
A_LETTER = Letter(bytes(16), "site@example.org", "ann@example.org", "a letter", "text", "", "<1@example.org>", {})
HOUR = timedelta(hours=1)


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: datetime

    def forward(self, time: timedelta) -> None:
        self.now += time


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock(clock.now())
    monkeypatch.setattr(clock, "now", lambda: made.now)
    return made


def flood(client: FlaskClient, number: int, slug: str = SLUG, name: str = "forged") -> None:
    """Send `number` forms without a proof, each from another network address and for another mailbox."""
    fields = hidden_fields(client.get(f"/petitions/{slug}").text)
    for index in range(number):
        answers = {"name": "Ann", "country": "SE", "email": f"{name}{index}@example.org", "visibility": "public"}
        somewhere = {"REMOTE_ADDR": f"10.{index >> 8}.{index & 255}.1"}
        assert client.post(f"/petitions/{slug}/sign", data=answers | fields, environ_base=somewhere).status_code == 303


def fill(app: Flask, number: int, **values: object) -> None:
    """Insert drafts and their letters without a proof, as `sign` does, but all at once."""
    with app.app_context():
        edition = find_edition(SLUG)
        assert edition
        ids = (edition.petition.id, edition.text.id, edition.notice.id)
        now = clock.now()
        with transaction() as session:
            draft = {
                "petition_id": ids[0], "text_id": ids[1], "notice_id": ids[2], "language": "en", "country": "SE",
                "sealed": b"", "visibility": "delivery", "updates": False, "signed_at": now,
            }  # fmt: skip
            keys = [os.urandom(32) for _ in range(number)]
            session.execute(insert(Draft), [{**draft, "public_id": key[:16], "email_key": key} for key in keys])
            letter = {
                "petition_id": ids[0], "occasion": Occasion.SIGNED, "priority": 1, "had_proof_of_work": False,
                "queued_at": now, "due_at": now, **values,
            }  # fmt: skip
            rows = [{**letter, "draft_id": key[:16], "mailbox": key} for key in keys]
            session.execute(insert(OutboxRow), rows)


def number_in(app: Flask, progress: OutboxProgress) -> int:
    with app.app_context():
        return db.session.scalars(select(func.count()).where(OutboxRow.progress == progress)).one()


@pytest.mark.slow
def test_a_flood_causes_sixty_letters_an_hour_and_a_form_with_a_proof_does_not_wait(
    app: Flask,
    client: FlaskClient,
    petition: str,
    mail_server: MailServer,
    work: Work,
    time: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(proof_of_work, "MAX_NUMBER", 20)
    flood(client, 150)
    work()
    assert len(mail_server.letters) == MOST
    worked = proof(client)
    sign(client, email="honest@example.org", altcha=worked)
    work()
    assert len(mail_server.letters) == MOST + 1
    assert mail_server.letters[-1]["To"] == "honest@example.org"
    seen = []
    for _ in range(24):
        time.forward(timedelta(minutes=10))
        work()
        seen.append(len(mail_server.letters) - 1)
    assert seen[4] == MOST, "nothing more within the hour"
    for before, after in zip([MOST, *seen], seen[5:], strict=False):
        assert after - before <= MOST
    assert seen[-1] == 150, "everybody is written to in the end"


def test_a_form_in_the_slow_lane_gets_the_same_answer_as_any_other(
    app: Flask, client: FlaskClient, petition: str, work: Work
) -> None:
    flood(client, 1, name="early")
    fill(app, MOST + 10, turn_at=clock.now())
    first = sign(client, where="192.0.2.1", email="one@example.org")
    work()
    later = sign(client, where="192.0.2.2", email="two@example.org")
    assert (first.status_code, len(first.location), sorted(dict(first.headers))) == (
        later.status_code, len(later.location), sorted(dict(later.headers)),
    )  # fmt: skip


def test_a_deferred_letter_keeps_its_draft_and_counts_no_failed_attempt(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work, time: Clock
) -> None:
    flood(client, MOST)
    work()
    sign(client, where="192.0.2.1", email="patient@example.org")
    work()
    with app.app_context():
        row = db.session.scalars(select(OutboxRow).order_by(OutboxRow.id.desc())).first()
        assert row
        assert (row.progress, row.attempts, row.claim) == (OutboxProgress.WAITING, 0, None)
        assert row.due_at == time.now + HOUR
        draft = db.session.get_one(Draft, row.draft_id)
        assert draft.expires_at is None
    time.forward(HOUR)
    work()
    assert mail_server.letters[-1]["To"] == "patient@example.org"
    press_confirm(client, link_in(mail_server.letters[-1]))
    assert [signature.public_id for signature in signatures(app)] == [row.draft_id]


def test_a_petition_under_attack_does_not_delay_letters_of_others(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    quiet = make_petition(app, slug='"quiet"')
    flood(client, MOST + 5)
    sign(client, quiet, email="elsewhere@example.org", where="192.0.2.1")
    work()
    assert "elsewhere@example.org" in {letter["To"] for letter in mail_server.letters}
    assert len(mail_server.letters) == MOST + 1


def test_later_letters_are_sent_after_those_that_wait(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work, time: Clock
) -> None:
    flood(client, MOST + 3, name="early")
    work()
    time.forward(HOUR + timedelta(seconds=1))
    sign(client, where="192.0.2.1", email="later@example.org")
    for _ in range(5):
        work()
        time.forward(timedelta(minutes=1))
    assert [letter["To"] for letter in mail_server.letters[MOST:]] == [
        *(f"early{MOST + one}@example.org" for one in range(3)),
        "later@example.org",
    ]


def test_a_letter_that_is_tried_again_counts_once(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    mail_server.answer = lambda recipient: "451 later" if recipient.startswith("forged0@") else None
    flood(client, MOST)
    work()
    mail_server.answer = lambda recipient: None
    make_all_due(app)
    work()
    assert len(mail_server.letters) == MOST


def test_four_workers_at_once_keep_to_the_limit(app: Flask, petition: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering.smtp.SmtpConnection, "send_ready", lambda connection, message: None)
    letters = replace(LETTERS, choose=lambda row: lambda: A_LETTER)
    fill(app, 100)

    def turn(which: int) -> None:
        with app.app_context():
            while delivering.deliver(letters):
                pass

    at_once(4, turn)
    assert (number_in(app, OutboxProgress.SENT), number_in(app, OutboxProgress.WAITING)) == (MOST, 40)


@pytest.mark.slow
def test_of_a_thousand_letters_sixty_are_sent_an_hour_and_each_is_claimed_about_once(
    app: Flask, petition: str, time: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "SECONDS_ONE_BY_ONE", 600)  # however busy this machine is
    monkeypatch.setattr(delivering.smtp.SmtpConnection, "send_ready", lambda connection, message: None)
    letters = replace(LETTERS, choose=lambda row: lambda: A_LETTER)
    fill(app, 1_000)
    claimed = 0
    with app.app_context():
        for ten_minutes in range(24):
            while handled := delivering.deliver(letters):
                claimed += handled
            assert number_in(app, OutboxProgress.SENT) <= MOST * (1 + ten_minutes // 6)
            time.forward(timedelta(minutes=10))
    assert number_in(app, OutboxProgress.SENT) > MOST * 3
    assert claimed <= 1_000 + MOST * 4


def test_outbox_status_says_how_many_wait_in_the_slow_lane(
    app: Flask, client: FlaskClient, petition: str, work: Work, runner: FlaskCliRunner, time: Clock
) -> None:
    assert "slow lane" not in runner.invoke(args=["outbox", "status"]).output
    flood(client, MOST + 7)
    work()
    last = clock.iso(time.now + HOUR + timedelta(minutes=6))
    assert f"slow lane: 7 without a proof of work; last due {last}" in runner.invoke(args=["outbox", "status"]).output
