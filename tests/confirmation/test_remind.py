"""Reminders: one to each unconfirmed signer, a day after the letter was sent, while the petition is open."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from app import clock
from app.backup.held_letters import discard_letters, hold_letters
from app.confirmation import remind
from app.confirmation.remind import queue_reminders
from app.db import db, transaction
from app.models import Draft, Occasion, OutboxProgress, OutboxRow, Petition
from app.outbox import slow_lane
from tests.concurrency.test_races import at_once
from tests.factories import drafts, make_petition, press_confirm, sign, verified
from tests.mail_server import MailServer, code_in, link_in, text_of

pytestmark = pytest.mark.both_databases

Work = Callable[[], int]


def let_pass(app: Flask, **time: float) -> None:
    """Make all letters and drafts older by this time."""
    age = timedelta(**time)
    with app.app_context(), transaction() as session:
        for draft in session.scalars(select(Draft)):
            draft.signed_at -= age
            draft.expires_at = draft.expires_at and draft.expires_at - age
        for row in session.scalars(select(OutboxRow)):
            row.queued_at, row.due_at = row.queued_at - age, row.due_at - age
            row.turn_at = row.turn_at and row.turn_at - age
            row.allowed_at, row.ended_at = row.allowed_at and row.allowed_at - age, row.ended_at and row.ended_at - age


@pytest.fixture
def signed(client: FlaskClient, petition: str, work: Work) -> None:
    """Somebody has signed, and their letter was sent."""
    sign(client)
    work()


def test_one_reminder_is_sent_a_day_after_the_letter_and_never_a_second_one(
    app: Flask, client: FlaskClient, signed: None, mail_server: MailServer, work: Work
) -> None:
    let_pass(app, hours=23, minutes=59)
    work()
    assert len(mail_server.letters) == 1
    let_pass(app, minutes=2)
    work()
    assert [letter["Subject"][:13] for letter in mail_server.letters] == ["Please confir", "Not confirmed"]
    for _ in range(6):
        let_pass(app, days=1)
        work()
    assert len(mail_server.letters) == 2


def test_the_reminders_link_and_code_work_and_the_expiry_stays(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    page = sign(client).location
    work()
    let_pass(app, days=1)
    until = drafts(app)[0].expires_at
    work()
    assert drafts(app)[0].expires_at == until
    reminder = mail_server.letters[1]
    assert until
    assert f"{until:%B} {until.day}, {until.year}" in text_of(reminder)
    assert "/not-me/" in text_of(reminder)
    assert reminder["List-Unsubscribe"]
    answer = client.post(page, data={"code": code_in(reminder)})
    assert answer.location == link_in(reminder)
    press_confirm(client, link_in(mail_server.letters[0]))
    assert verified(client) == 1


def test_signing_again_delays_the_reminder_and_causes_no_second_one(
    app: Flask, client: FlaskClient, signed: None, mail_server: MailServer, work: Work
) -> None:
    let_pass(app, hours=20)
    sign(client)
    work()
    let_pass(app, hours=20)
    work()
    assert len(mail_server.letters) == 2
    let_pass(app, hours=5)
    work()
    assert len(mail_server.letters) == 3
    sign(client)
    work()
    let_pass(app, days=2)
    work()
    assert len(mail_server.letters) == 4


@pytest.mark.parametrize("done", ["confirmed", "declined", "unsubscribed", "closed", "expired"])
def test_nobody_is_reminded_who_cannot_or_need_not_confirm(
    app: Flask, client: FlaskClient, signed: None, mail_server: MailServer, work: Work, done: str
) -> None:
    letter = mail_server.letters[0]
    if done == "confirmed":
        press_confirm(client, link_in(letter))
    elif done == "declined":
        client.post(link_in(letter, "not-me"))
    elif done == "unsubscribed":
        client.post("/unsubscribe" + letter["List-Unsubscribe"].partition("/unsubscribe")[2].rstrip(">"))
    elif done == "closed":
        with app.app_context(), transaction() as session:
            session.execute(update(Petition).values(closes_at=clock.now() + timedelta(hours=-1)))
    let_pass(app, days=8 if done == "expired" else 1)
    work()
    assert not any("Not confirmed" in letter["Subject"] for letter in mail_server.letters)


@pytest.mark.parametrize("between", ["confirmed", "closed", "expired"])
def test_a_reminder_that_waited_too_long_is_not_sent(
    app: Flask, client: FlaskClient, signed: None, mail_server: MailServer, work: Work, between: str
) -> None:
    let_pass(app, days=1)
    with app.app_context():
        assert queue_reminders() == 1
    if between == "confirmed":
        press_confirm(client, link_in(mail_server.letters[0]))
    elif between == "closed":
        with app.app_context(), transaction() as session:
            session.execute(update(Petition).values(closes_at=clock.now()))
    else:
        let_pass(app, days=7)
    work()
    assert not any("Not confirmed" in letter["Subject"] for letter in mail_server.letters)


def test_there_is_no_reminder_of_a_letter_that_was_never_sent(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    mail_server.answer = lambda recipient: "550 no such mailbox"
    sign(client)
    work()
    mail_server.answer = lambda recipient: None
    let_pass(app, days=2)
    work()
    assert mail_server.letters == []


def test_a_reminder_counts_towards_the_mailbox_limit(
    app: Flask, client: FlaskClient, signed: None, mail_server: MailServer, work: Work
) -> None:
    let_pass(app, days=1)
    work()
    for _ in range(3):
        sign(client)
    work()
    assert len(mail_server.letters) == 1 + 3


def test_eight_workers_at_once_queue_one_reminder(app: Flask, client: FlaskClient, signed: None) -> None:
    let_pass(app, days=1)

    def turn(_: int) -> int:
        with app.app_context():
            return queue_reminders()

    assert sum(at_once(8, turn)) == 1
    with app.app_context():
        reminders = OutboxRow.occasion == Occasion.REMINDER
        assert (
            db.session.scalars(
                select(func.count()).where(reminders, OutboxRow.progress == OutboxProgress.WAITING)
            ).one()
            == 1
        )


def test_reminders_take_no_place_in_the_slow_lane_or_others_would_see_who_has_not_signed(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_lane, "MAX_PER_HOUR", 2)
    for which in range(2):
        sign(client, email=f"person{which}@example.org")
    work()
    let_pass(app, days=1)
    sign(client, email="new@example.org")
    work()
    assert len(mail_server.letters) == 2 + 2 + 1


def test_the_reminder_of_a_discreet_petition_does_not_name_it(
    app: Flask, client: FlaskClient, mail_server: MailServer, work: Work
) -> None:
    sign(client, make_petition(app, slug='"quiet"', discreet="true", title='"Free the librarian"'))
    work()
    let_pass(app, days=1)
    work()
    words = text_of(mail_server.letters[1]) + mail_server.letters[1]["Subject"]
    assert not any(word in words.lower() for word in ("librarian", "quiet", "petition", "sign"))


@pytest.mark.parametrize("is_earlier", [True, False])
def test_a_form_in_her_name_that_was_sent_on_takes_no_reminder_from_her(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work, is_earlier: bool
) -> None:
    def send_on() -> None:
        page = sign(client, name="Mallory").location
        work()
        assert page
        assert client.post(page, data={"email": "mallory@example.com"}).status_code == 303
        let_pass(app, minutes=5)

    if is_earlier:
        send_on()
    sign(client)
    work()
    let_pass(app, minutes=5)
    if not is_earlier:
        send_on()
    for _ in range(3):
        let_pass(app, days=1)
        work()
    subjects = [letter["Subject"] for letter in mail_server.to("ann@example.org")]
    assert len([subject for subject in subjects if subject.startswith("Not confirmed")]) == 1


@pytest.mark.parametrize("spelling", ["ann@mac.com", "ann+nobody@icloud.com"])
def test_a_form_under_a_spelling_that_may_reach_nobody_takes_no_reminder_from_her(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work, spelling: str
) -> None:
    sign(client, email="ann@icloud.com")
    work()
    let_pass(app, hours=1)
    sign(client, email=spelling, name="Mallory")
    for _ in range(4):
        work()
        let_pass(app, days=1)
    subjects = [letter["Subject"] for letter in mail_server.to("ann@icloud.com")]
    assert len([subject for subject in subjects if subject.startswith("Not confirmed")]) == 1


def test_letters_that_were_discarded_after_a_restore_keep_nobody_from_being_reminded(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    mail_server.answer = {"later@example.org": "451 4.7.1 greylisted"}.get
    sign(client, email="later@example.org")
    work()
    with app.app_context():
        assert hold_letters() == discard_letters() == 1
    sign(client)
    work()
    let_pass(app, days=1, minutes=1)
    with app.app_context():
        assert queue_reminders() == 1


def test_reminders_leave_at_moments_by_chance_so_that_nobody_sees_one_among_his_own(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remind, "SPREAD", timedelta(hours=1))
    for number in range(12):
        sign(client, email=f"person{number}@example.org")
    work()
    let_pass(app, hours=25)
    work()
    with app.app_context():
        waiting = select(OutboxRow.due_at).where(OutboxRow.progress == OutboxProgress.WAITING)
        due = sorted(db.session.scalars(waiting.where(OutboxRow.occasion == Occasion.REMINDER)))
    assert len(due) >= 10
    assert max(due) <= clock.now() + timedelta(hours=1)
    assert due[-1] - due[0] > timedelta(minutes=5)
    let_pass(app, hours=1)
    work()
    assert sum(letter["Subject"].startswith("Not confirmed") for letter in mail_server.letters) == 12
