"""Delivering the outbox: every letter is sent at least once, by priority, whatever the mail server does."""

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app import clock
from app.db import db, transaction
from app.email import smtp
from app.models import Draft, OutboxProgress, OutboxRow, Petition
from app.models.signer import signer_of
from app.outbox import backoff, record
from app.outbox import deliver as delivering
from app.outbox.claim import claim_due
from app.outbox.deliver import deliver
from app.signing import proof_of_work
from app.worker import LETTERS, work_once
from tests import factories
from tests.factories import press_confirm, proof
from tests.mail_server import MailServer, link_in, text_of

pytestmark = pytest.mark.both_databases

Work = Callable[[], int]
sign = factories.sign


@pytest.fixture(autouse=True, params=["together", "one by one"])
def _ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Letters to forms with a proof of work are written together, those to forms without one by one."""
    if request.param == "together":
        monkeypatch.setattr(sys.modules[__name__], "sign", sign_with_proof)
        monkeypatch.setattr(proof_of_work, "MAX_NUMBER", 10)


def sign_with_proof(client: FlaskClient, slug: str = factories.SLUG, **fields: str) -> TestResponse:
    return factories.sign(client, slug, altcha=proof(client, slug), **fields)


def rows(app: Flask) -> list[OutboxRow]:
    with app.app_context():
        return list(db.session.scalars(select(OutboxRow).order_by(OutboxRow.id)))


def make_all_due(app: Flask) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(OutboxRow).values(due_at=clock.now() - timedelta(seconds=1)))


def test_letters_are_marked_as_automatic_and_have_no_tracking_images(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    sign(client)
    work()
    (letter,) = mail_server.letters
    (row,) = rows(app)
    assert re.fullmatch("<[0-9a-f]{32}@localhost>", letter["Message-ID"])
    assert row.public_id.hex() not in letter["Message-ID"], "a mail server's log and the database cannot be joined"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert "img" not in text_of(letter, "html")
    for kind in ("plain", "html"):
        assert link_in(letter) in text_of(letter, kind)


def test_no_letter_contains_anything_that_the_signer_typed(
    client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    typed = {
        "name": "Zorblax Quuxley",
        "affiliation": "Frobnicators Local 77",
        "comment": "Xyzzyplugh forever",
        "email": "wibblewobble@example.org",
    }
    sign(client, **typed, country="BT")
    work()
    press_confirm(client, link_in(mail_server.letters[0]), **typed, country="BT")
    sign(client, **typed)
    work()
    assert len(mail_server.letters) == 3
    for letter in mail_server.letters:
        del letter["To"]
        words = letter.as_string() + text_of(letter) + text_of(letter, "html")
        for said in (*typed.values(), "wibblewobble", "Bhutan"):
            assert said not in words


def test_confirmation_letters_are_sent_first(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    sign(client, email="first@example.org")
    work()
    press_confirm(client, link_in(mail_server.letters[0]))
    sign(client, email="second@example.org")
    work()
    assert [letter["Subject"].partition(":")[0] for letter in mail_server.letters[1:]] == [
        "Please confirm your signature",
        "Thank you, your signature counts",
    ]


def test_many_letters_share_one_connection(
    client: FlaskClient, petition: str, mail_server: MailServer, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "SECONDS_ONE_BY_ONE", 600)  # however busy this machine is
    for number in range(12):
        sign(client, email=f"person{number}@example.org")
    work()
    assert len(mail_server.letters) == 12
    assert mail_server.connections == 1


@pytest.mark.parametrize("reply", ["451 4.7.1 greylisted", "421 4.3.2 closing"])
def test_after_a_temporary_refusal_each_retry_waits_longer(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, reply: str
) -> None:
    mail_server.answer = lambda recipient: reply
    sign(client)
    waits = []
    for _ in range(5):
        make_all_due(app)
        asked = clock.now()
        with app.app_context():
            work_once()
        (row,) = rows(app)
        assert row.progress == OutboxProgress.WAITING
        assert reply[:3] in row.reply
        waits.append(row.due_at - asked)
    assert waits[4] > waits[0] * 3
    mail_server.answer = lambda recipient: None
    make_all_due(app)
    with app.app_context():
        work_once()
    assert [row.progress for row in rows(app)] == [OutboxProgress.SENT]
    assert len(mail_server.letters) == 1


@pytest.mark.parametrize(
    ("reply", "kept"),
    [
        ("550 5.1.1 <ann@example.org> User Ann Smith not listed", "550 5.1.1: the address"),
        ("550 User Ann Smith not listed", "550: the mailbox is not available"),
        ("554 5.7.1", "554 5.7.1: security or policy"),
        ("599 5.9.99.9 Ann", "599: another reason"),
    ],
)
def test_of_a_permanent_refusal_only_the_codes_are_kept(
    app: Flask,
    client: FlaskClient,
    petition: str,
    mail_server: MailServer,
    work: Work,
    runner: FlaskCliRunner,
    reply: str,
    kept: str,
) -> None:
    mail_server.answer = lambda recipient: reply
    sign(client)
    work()
    (row,) = rows(app)
    assert row.progress == OutboxProgress.FAILED
    assert row.reply == kept
    told = runner.invoke(args=["outbox", "status"]).output
    assert told.startswith("why\thow far\thow many\nsigned\tfailed\t1\n")
    assert kept in told
    assert "Ann" not in told


def test_one_refused_letter_does_not_hold_up_the_others(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    mail_server.answer = lambda recipient: "550 no" if recipient.startswith("bad") else None
    for name in ("bad", "good", "better"):
        sign(client, email=f"{name}@example.org")
    work()
    assert len(mail_server.letters) == 2
    assert mail_server.connections == 1


def test_a_letter_at_which_the_server_closes_the_connection_does_not_hold_up_the_others(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    mail_server.answer = lambda recipient: "421 4.7.0 go away" if recipient.startswith("slow") else None
    for name in ("slow", "good", "better"):
        sign(client, email=f"{name}@example.org")
    work()
    assert [letter["To"] for letter in mail_server.letters] == ["good@example.org", "better@example.org"]
    assert [row.attempts for row in rows(app)] == [1, 1, 1]
    assert [row.progress for row in rows(app)] == [OutboxProgress.WAITING, OutboxProgress.SENT, OutboxProgress.SENT]


def test_a_letter_with_an_invalid_header_is_deferred_and_the_others_are_sent(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    sign(client, email="spoilt@example.org")
    sign(client, email="good@example.org")
    with app.app_context(), transaction() as session:
        spoilt = session.scalars(select(Draft).order_by(Draft.signed_at)).first()
        assert spoilt
        petition_id = session.scalars(select(Petition.public_id)).one()
        signer = replace(signer_of(spoilt), email="spoilt@example.org\nBcc: eve@example.org")
        spoilt.sealed = signer.sealed_for(spoilt.public_id, petition_id)
    work()
    assert [letter["To"] for letter in mail_server.letters] == ["good@example.org"]
    assert [row.attempts for row in rows(app)] == [1, 1]
    assert rows(app)[0].reply.startswith("could not be made: BadHeader")


def test_a_mail_server_that_is_down_delays_letters_but_not_pages(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer
) -> None:
    mail_server.stop()
    assert sign(client).status_code == 303
    with app.app_context(), pytest.raises(smtp.NoConnection):
        work_once()
    (row,) = rows(app)
    assert (row.progress, row.attempts, row.claim) == (OutboxProgress.WAITING, 1, None)
    assert "no connection" in row.reply
    again = MailServer(mail_server.port)
    make_all_due(app)
    with app.app_context():
        work_once()
    again.stop()
    assert len(again.letters) == 1


def test_a_mail_server_that_stops_answering_times_out(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer
) -> None:
    mail_server.silent_for = 30
    sign(client)
    with app.app_context():
        work_once()
    (row,) = rows(app)
    assert (row.progress, row.reply) == (OutboxProgress.WAITING, "the mail server did not answer in time")


def test_what_was_refused_for_now_is_tried_again_after_first_tries(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    mail_server.answer = lambda recipient: "450 4.1.2 unknown domain" if "made-up" in recipient else None
    for number in range(3):
        sign(client, email=f"ann@made-up-{number}.example.org")
    work()
    mail_server.answer = lambda recipient: None
    make_all_due(app)
    sign(client, email="honest@example.org")
    work()
    assert len(mail_server.letters) == 4
    assert mail_server.letters[0]["To"] == "honest@example.org"


def test_after_five_days_of_tries_a_letter_is_given_up_however_long_it_waited_before_the_first(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    mail_server.answer = lambda recipient: "451 later"
    sign(client)
    with app.app_context(), transaction() as session:
        session.execute(update(OutboxRow).values(queued_at=clock.now() - timedelta(days=60)))
    for tried in (0, backoff.MAX_ATTEMPTS - 1, backoff.MAX_ATTEMPTS):
        assert [row.progress for row in rows(app)] == [OutboxProgress.WAITING]
        with app.app_context(), transaction() as session:
            session.execute(update(OutboxRow).values(attempts=tried))
        make_all_due(app)
        work()
    assert sum((backoff.wait(number) for number in range(1, backoff.MAX_ATTEMPTS)), timedelta()) > timedelta(days=4)
    (row,) = rows(app)
    assert (row.progress, row.reply) == (OutboxProgress.FAILED, "given up: 451: an error in processing")


def test_outbox_retry_sends_failed_letters_again(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work, runner: FlaskCliRunner
) -> None:
    mail_server.answer = lambda recipient: "550 no"
    sign(client)
    work()
    mail_server.answer = lambda recipient: None
    assert runner.invoke(args=["outbox", "retry"]).output == "1 due now\n"
    work()
    assert len(mail_server.letters) == 1


def test_a_letter_that_cannot_be_written_is_reported_and_the_others_are_sent(
    app: Flask,
    client: FlaskClient,
    petition: str,
    mail_server: MailServer,
    work: Work,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sign(client, email="broken@example.org")
    sign(client, email="whole@example.org")
    with app.app_context(), transaction() as session:
        broken = session.scalars(select(OutboxRow).order_by(OutboxRow.id)).first()
        assert broken
        spoil = update(Draft).where(Draft.public_id == broken.draft_id).values(sealed=b"not sealed by us")
        session.execute(spoil)
    work()
    assert [letter["To"] for letter in mail_server.letters] == ["whole@example.org"]
    assert rows(app)[0].reply.startswith("could not be made: AlteredRow")
    assert "example.org" not in caplog.text


# A lease of two minutes is over, or the clock has gone back an hour since it was made.
OVER = {"over": -timedelta(seconds=1), "made before the clock went back": timedelta(minutes=62)}


@pytest.mark.parametrize("until", OVER.values(), ids=OVER)
def test_after_its_lease_a_killed_workers_letters_are_sent_by_another(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work, until: timedelta
) -> None:
    sign(client)
    with app.app_context():
        claimed = claim_due()  # the worker is killed here
        assert len(claimed.occasions) == 1
        assert deliver(LETTERS) == 0
    with app.app_context(), transaction() as session:
        session.execute(update(OutboxRow).values(leased_until=clock.now() + until))
    work()
    assert len(mail_server.letters) == 1


def test_a_worker_whose_clock_is_a_minute_behind_takes_no_letters_from_another(
    app: Flask, client: FlaskClient, petition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign(client)
    with app.app_context():
        assert len(claim_due().occasions) == 1
        behind = clock.now() - timedelta(minutes=1)
        monkeypatch.setattr(clock, "now", lambda: behind)
        assert claim_due().occasions == {}


def test_a_letter_that_was_queued_before_the_clock_went_back_does_not_wait_for_the_hour(
    client: FlaskClient, petition: str, mail_server: MailServer, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign(client)
    earlier = clock.now() - timedelta(hours=1)
    monkeypatch.setattr(clock, "now", lambda: earlier)
    work()
    assert len(mail_server.letters) == 1


def test_a_worker_that_lost_its_claim_changes_nothing(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer
) -> None:
    sign(client)
    with app.app_context():
        claimed = claim_due()
    with app.app_context(), transaction() as session:
        session.execute(update(OutboxRow).values(claim=b"another worker's"))
    with app.app_context():
        record.mark(claimed, next(iter(claimed.occasions)), OutboxProgress.SENT, "", LETTERS)
    assert [row.progress for row in rows(app)] == [OutboxProgress.WAITING]
