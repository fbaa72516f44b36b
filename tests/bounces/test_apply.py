"""What came back ends e-mails to one mailbox, or nothing; the count stays, and strangers learn nothing."""

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from app import clock, jobs
from app.bounces.apply import Outcome, take
from app.bounces.verdict import Kind
from app.db import db, transaction
from app.models import (
    BouncedMailbox,
    JournalEntry,
    OutboxProgress,
    OutboxRow,
    Returned,
    ReturnedEmail,
    Unwanted,
)
from app.outbox.bounced import FORGOTTEN_AFTER, end_emails, forget_bounced
from app.outbox.returned import number_returned
from app.retention.purge import purge_returned_emails
from app.signers.withdraw import withdraw
from app.signing import proof_of_work
from tests.bounces import worked_set
from tests.bounces.conftest import coming_back, newest_row
from tests.bounces.returned import ADDRESS, TOKEN
from tests.bounces.worked_forms import complaint, note, postfix
from tests.factories import drafts, make_signature, press_confirm, proof, sign, signatures, verified
from tests.log import caught
from tests.mail_server import MailServer, link_in

pytestmark = pytest.mark.both_databases
WORKED = list(worked_set.samples())
NO_MAILBOX = postfix("550 5.1.1 <ann@mail.example>: Recipient address rejected: User unknown")
CAME_BACK = "The e-mail came back"
Work = Callable[[], int]
Sent = Callable[..., str]


def taken(app: Flask, raw: bytes) -> Kind | Outcome:
    with app.app_context():
        return take(raw)


def number_of(app: Flask, *tables: type) -> list[int]:
    with app.app_context():
        return [db.session.scalars(select(func.count()).select_from(table)).one() for table in tables]


def test_a_hard_bounce_ends_emails_to_the_mailbox_and_its_page_says_so(
    app: Flask, client: FlaskClient, sent: Sent, mail_server: MailServer, work: Work
) -> None:
    page = sent("ann@example.org")
    assert CAME_BACK not in client.get(page).text
    assert taken(app, coming_back(app, NO_MAILBOX)) == Kind.HARD
    shown = client.get(page).text
    assert CAME_BACK in shown and "ann@example.org" in shown
    assert "type the right one below" in shown
    sign(client, email="ann@example.org")
    work()
    assert len(mail_server.letters) == 1
    sent("bea@example.org")
    assert len(mail_server.letters) == 2


def test_the_page_of_an_email_that_came_back_asks_for_another_address_and_for_nothing_else(
    app: Flask, client: FlaskClient, sent: Sent
) -> None:
    page = sent("ann@example.org")
    before = client.get(page).text
    assert "<h1>Check your e-mail</h1>" in before and 'name="code"' in before
    assert "Then we send it no more for 30 days" in before, "told to everybody, since who signs again is told nothing"
    taken(app, coming_back(app, NO_MAILBOX))
    shown = client.get(page).text
    assert f"<h1>{CAME_BACK}</h1>" in shown and 'name="email"' in shown
    assert "Open the e-mail" not in shown and 'name="code"' not in shown
    assert "or write to" in shown and "try again later" not in shown
    assert 'name="code"' in client.post(page, data={"code": "wrong"}).text, "whoever typed one is told what is wrong"


def test_who_corrects_the_address_gets_the_email(
    app: Flask, client: FlaskClient, sent: Sent, mail_server: MailServer, work: Work
) -> None:
    page = sent("ann@exmaple.org")
    taken(app, coming_back(app, NO_MAILBOX))
    answer = client.post(page, data={"email": "ann@example.org"})
    assert answer.status_code == 303
    work()
    assert len(mail_server.to("ann@example.org")) == 1
    assert CAME_BACK not in client.get(answer.location).text
    press_confirm(client, link_in(mail_server.letters[-1]))
    assert verified(client) == 1


@pytest.mark.parametrize("kind", ["soft", "blocked", "full", "delayed", "auto-reply", "nothing"])
def test_what_is_no_lack_of_a_mailbox_is_counted_at_most(
    app: Flask, client: FlaskClient, sent: Sent, mail_server: MailServer, work: Work, kind: str
) -> None:
    page = sent()
    bounces = {
        "soft": postfix("451 4.4.1 Connection timed out"),
        "blocked": postfix("554 5.7.1 blocked using zen.spamhaus.example"),
        "full": postfix("552 5.2.2 Mailbox size limit exceeded"),
        "delayed": postfix("451 4.4.1 Connection timed out", "delayed"),
        "auto-reply": note("Out of office | I am away."),
        "nothing": complaint("not-spam"),
    }
    assert taken(app, coming_back(app, bounces[kind])) == kind
    assert CAME_BACK not in client.get(page).text
    assert number_of(app, BouncedMailbox, Unwanted) == [0, 0]
    with app.app_context():
        assert number_returned() == ({Returned(kind): 1} if kind in set(Returned) else {})
    sign(client)
    work()
    assert len(mail_server.letters) == 2


def test_a_complaint_also_unsubscribes_the_mailbox_and_no_page_tells(
    app: Flask, client: FlaskClient, sent: Sent, mail_server: MailServer, work: Work
) -> None:
    page = sent()
    press_confirm(client, link_in(mail_server.letters[0]))
    assert taken(app, coming_back(app, complaint("abuse"))) == Kind.COMPLAINT
    assert number_of(app, BouncedMailbox, Unwanted) == [1, 1]
    assert number_of(app, JournalEntry)[0], "a restored backup unsubscribes it too"
    later = sent()
    work()
    assert len(mail_server.letters) == 1, "not even the thanks"
    assert CAME_BACK not in client.get(page).text + client.get(later).text
    assert verified(client) == 1


def test_a_complaint_about_the_email_that_was_confirmed_is_heard(
    app: Flask, client: FlaskClient, sent: Sent, mail_server: MailServer, work: Work
) -> None:
    sent()
    first = newest_row(app)
    press_confirm(client, link_in(mail_server.letters[0]))
    work()
    assert taken(app, coming_back(app, NO_MAILBOX, first)) == Outcome.KNOWN
    assert number_of(app, BouncedMailbox, ReturnedEmail) == [0, 0], "it arrived, so that is not true"
    assert taken(app, coming_back(app, complaint("abuse"), first)) == Kind.COMPLAINT
    assert number_of(app, BouncedMailbox, Unwanted) == [1, 1]


def test_the_same_bounce_again_changes_nothing(app: Flask, sent: Sent) -> None:
    sent()
    bounce = coming_back(app, NO_MAILBOX)
    assert taken(app, bounce) == Kind.HARD
    with app.app_context():
        before = [row.since for row in db.session.scalars(select(BouncedMailbox))]
    assert taken(app, bounce) == taken(app, coming_back(app, postfix("552 5.2.2 full"))) == Outcome.KNOWN
    assert number_of(app, BouncedMailbox, ReturnedEmail, Unwanted) == [1, 1, 0]
    with app.app_context():
        assert [row.since for row in db.session.scalars(select(BouncedMailbox))] == before


def test_a_replay_after_it_was_lifted_does_not_end_emails_again(
    app: Flask, runner: FlaskCliRunner, sent: Sent, mail_server: MailServer
) -> None:
    sent()
    bounce = coming_back(app, NO_MAILBOX)
    taken(app, bounce)
    assert "go to this address again" in runner.invoke(args=["outbox", "allow", "ann@example.org"]).output
    assert taken(app, bounce) == Outcome.KNOWN
    sent()
    assert len(mail_server.letters) == 2
    assert "had stopped no e-mails" in runner.invoke(args=["outbox", "allow", "ann@example.org"]).output


def test_a_delay_that_ends_in_a_failure_is_one(app: Flask, sent: Sent) -> None:
    sent()
    assert taken(app, coming_back(app, postfix("451 4.4.1 timed out", "delayed"))) == Kind.DELAYED
    assert taken(app, coming_back(app, NO_MAILBOX)) == Kind.HARD
    with app.app_context():
        assert number_returned() == {Returned.HARD: 1}


@pytest.mark.parametrize("token", ["a" * 52, TOKEN, "2" * 52])
def test_a_bounce_of_another_site_or_a_made_up_one_changes_nothing(app: Flask, sent: Sent, token: str) -> None:
    sent()
    assert taken(app, NO_MAILBOX.replace(TOKEN.encode(), token.encode())) == Outcome.FOREIGN
    assert number_of(app, BouncedMailbox, ReturnedEmail, Unwanted) == [0, 0, 0]


def test_one_that_names_two_emails_of_ours_changes_nothing(app: Flask, sent: Sent) -> None:
    sent("ann@example.org")
    first = coming_back(app, NO_MAILBOX)
    sent("bea@example.org")
    second = coming_back(app, NO_MAILBOX)
    nobodys = [one.replace(b"To: bounce+", b"X: bounce-") for one in (first, second)]
    assert taken(app, b"\n\n".join(nobodys)) == Outcome.FOREIGN
    assert number_of(app, BouncedMailbox, ReturnedEmail) == [0, 0]


def test_one_of_an_email_that_is_gone_changes_nothing(app: Flask, sent: Sent) -> None:
    sent()
    bounce = coming_back(app, NO_MAILBOX)
    with app.app_context(), transaction() as session:
        session.execute(update(OutboxRow).values(ended_at=clock.now() - timedelta(days=8)))
    with app.app_context():
        jobs.run_all(jobs.RETENTION)
    assert taken(app, bounce) == Outcome.GONE
    assert number_of(app, BouncedMailbox, ReturnedEmail) == [0, 0]


def test_one_for_an_erased_person_ends_nothing(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    public_id = make_signature(app)
    client.post(f"/petitions/{petition}/my-signature", data={"email": "ann@example.org"})
    work()
    assert len(mail_server.letters) == 1
    with app.app_context():
        withdraw(public_id)
    for bounce in (NO_MAILBOX, complaint("abuse")):
        assert taken(app, coming_back(app, bounce)) == Outcome.KNOWN
    assert number_of(app, BouncedMailbox, Unwanted, ReturnedEmail) == [0, 0, 0]
    assert verified(client) == 0


def test_the_count_and_the_signature_stay_as_they_are(
    app: Flask, client: FlaskClient, sent: Sent, mail_server: MailServer, work: Work
) -> None:
    sent()
    press_confirm(client, link_in(mail_server.letters[0]))
    work()
    for bounce in (NO_MAILBOX, complaint("abuse")):
        taken(app, coming_back(app, bounce))
        assert verified(client) == 1
        (signature,) = signatures(app)
        assert signature.sealed and signature.state == "verified"


def test_an_address_that_its_server_refuses_at_once_came_back_too(
    app: Flask, client: FlaskClient, sent: Sent, mail_server: MailServer, work: Work
) -> None:
    mail_server.answer = lambda recipient: "550 5.1.1 no such user"
    page = sent()
    assert CAME_BACK in client.get(page).text
    mail_server.answer = lambda recipient: None
    assert CAME_BACK in client.get(sent()).text
    assert not mail_server.letters


@pytest.mark.parametrize("reply", ["550 5.7.1 spam", "550 no such user", "552 5.2.2 full", "451 4.1.1 later"])
def test_any_other_refusal_at_once_ends_nothing(
    app: Flask, client: FlaskClient, sent: Sent, mail_server: MailServer, reply: str
) -> None:
    mail_server.answer = lambda recipient: reply
    page = sent()
    assert CAME_BACK not in client.get(page).text
    assert number_of(app, BouncedMailbox, ReturnedEmail) == [0, 0]


@pytest.mark.parametrize("with_proof", [True, False])
def test_each_email_leaves_with_a_return_path_of_its_own(
    app: Flask,
    client: FlaskClient,
    petition: str,
    mail_server: MailServer,
    work: Work,
    monkeypatch: pytest.MonkeyPatch,
    with_proof: bool,
) -> None:
    monkeypatch.setattr(proof_of_work, "MAX_NUMBER", 10)
    for email in ("ann@example.org", "bea@example.org"):
        sign(client, email=email, **({"altcha": proof(client)} if with_proof else {}))
    work()
    assert mail_server.senders == ["petitions@localhost"] * 2
    app.config["BOUNCE_DOMAIN"] = "bounces.petitions.example"
    for number, email in enumerate(("cleo@example.org", "dora@example.org")):
        mail_server.is_pipelining = bool(number)
        sign(client, email=email, **({"altcha": proof(client)} if with_proof else {}))
        work()
    third, fourth = mail_server.senders[2:]
    assert third != fourth
    assert {letter["From"] for letter in mail_server.letters} == {"Countersign <petitions@localhost>"}
    assert taken(app, postfix("550 5.1.1 user unknown").replace(ADDRESS.encode(), third.encode())) == Kind.HARD
    sign(client, email="cleo@example.org")
    sign(client, email="dora@example.org")
    work()
    assert [len(mail_server.to(f"{name}@example.org")) for name in ("cleo", "dora")] == [1, 2]


@pytest.fixture(params=["together", "one by one"])
def sign_again(
    request: pytest.FixtureRequest, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], str]:
    """Sign with or without a proof of work: such e-mails are written together, or one by one."""
    monkeypatch.setattr(proof_of_work, "MAX_NUMBER", 10)

    def send() -> str:
        more = {"altcha": proof(client)} if request.param == "together" else {}
        return sign(client, email="ann@example.org", **more).location

    return send


def test_a_stranger_who_types_a_dead_address_sees_the_same_as_the_first_time(
    app: Flask, client: FlaskClient, sent: Sent, mail_server: MailServer, work: Work, sign_again: Callable[[], str]
) -> None:
    page = sent("ann@example.org")
    with app.app_context(), transaction() as session:  # it came back after three minutes
        moved = clock.now() - timedelta(minutes=3)
        session.execute(update(OutboxRow).values(ended_at=moved, allowed_at=moved))
    taken(app, coming_back(app, NO_MAILBOX))
    again = sign_again()
    work()
    assert newest_row(app).progress == OutboxProgress.SILENT
    assert CAME_BACK not in client.get(again).text
    with app.app_context(), transaction() as session:
        shown = session.get_one(ReturnedEmail, newest_row(app).public_id)
        assert abs(shown.shown_at - clock.now() - timedelta(minutes=3)) < timedelta(minutes=1)
        session.execute(update(ReturnedEmail).values(shown_at=ReturnedEmail.at))
    first, second = (client.get(one).text.replace(one, "") for one in (page, again))
    assert CAME_BACK in second and first == second
    with app.app_context():
        assert number_returned()[Returned.HARD] == 1, "what was not sent did not come back"
    assert len(mail_server.letters) == 1


def test_it_is_the_same_whether_the_dead_mailbox_has_signed(
    app: Flask, client: FlaskClient, sent: Sent, work: Work
) -> None:
    make_signature(app, email="ann@example.org")
    page = sent("ann@example.org")
    assert not drafts(app), "it got the e-mail of those who have signed"
    assert taken(app, coming_back(app, NO_MAILBOX)) == Kind.HARD
    assert CAME_BACK in client.get(page).text
    assert verified(client) == 1


def test_the_mailbox_of_another_address_still_gets_emails(
    app: Flask, client: FlaskClient, sent: Sent, mail_server: MailServer
) -> None:
    sent("ann+typo@example.org")
    taken(app, coming_back(app, NO_MAILBOX))
    sent("ann@example.org")
    assert len(mail_server.letters) == 2


def test_that_there_was_no_mailbox_is_forgotten_after_a_month_and_a_complaint_is_not(app: Flask, sent: Sent) -> None:
    sent("ann@example.org")
    taken(app, coming_back(app, NO_MAILBOX))
    sent("bea@example.org")
    taken(app, coming_back(app, complaint("abuse")))
    with app.app_context():
        assert forget_bounced() == 0
        with transaction() as session:
            session.execute(update(BouncedMailbox).values(since=clock.now() - FORGOTTEN_AFTER - timedelta(minutes=1)))
        assert forget_bounced() == 1
        assert [row.kind for row in db.session.scalars(select(BouncedMailbox))] == [Returned.COMPLAINT]


def test_an_operator_takes_back_what_a_mail_server_said_wrongly_for_some_hours(
    app: Flask, runner: FlaskCliRunner, sent: Sent, mail_server: MailServer
) -> None:
    for email in ("ann@example.org", "bea@example.org"):
        sent(email)
        taken(app, coming_back(app, NO_MAILBOX))
        with app.app_context(), transaction() as session:
            for row in session.scalars(select(BouncedMailbox)):
                row.since -= timedelta(hours=2)
    assert runner.invoke(args=["bounces", "forget", "--hours", "3"]).output == "1 mailboxes get e-mails again\n"
    for email in ("ann@example.org", "bea@example.org"):
        sent(email)
    assert [letter["To"] for letter in mail_server.letters][2:] == ["bea@example.org"]


def test_which_emails_came_back_is_forgotten_after_a_week(app: Flask, sent: Sent) -> None:
    sent()
    taken(app, coming_back(app, NO_MAILBOX))
    with app.app_context():
        assert purge_returned_emails() == 0
        with transaction() as session:
            session.execute(update(ReturnedEmail).values(at=clock.now() - timedelta(days=8)))
        assert purge_returned_emails() == 1


def test_no_address_name_token_or_id_is_written_in_the_log(app: Flask, sent: Sent) -> None:
    sent()
    bounce = coming_back(app, NO_MAILBOX)
    with caught(logging.DEBUG) as log:
        taken(app, bounce)
        taken(app, bounce[: len(bounce) // 2] + b"\xff\x00" * 50)
    said = log.getvalue()
    assert "a message came to a return path: hard, 5.1.1" in said
    for secret in ("ann@", "Example", "bounce+", newest_row(app).public_id.hex()):
        assert secret not in said


def test_the_table_of_mailboxes_holds_no_address(app: Flask, sent: Sent) -> None:
    sent("ann@example.org")
    taken(app, coming_back(app, NO_MAILBOX))
    with app.app_context():
        (row,) = db.session.scalars(select(BouncedMailbox))
        assert len(row.mailbox) == 16
        assert b"ann" not in row.mailbox


def test_an_email_to_an_organiser_that_comes_back_is_only_counted(
    app: Flask, runner: FlaskCliRunner, petition: str, mail_server: MailServer, work: Work
) -> None:
    runner.invoke(args=["organiser", "invite", "olga@example.org", "--petition", petition, "--role", "editor"])
    work()
    assert taken(app, coming_back(app, NO_MAILBOX)) == Kind.HARD
    assert number_of(app, BouncedMailbox, ReturnedEmail) == [0, 1]
    assert "came back\thard\t1" in runner.invoke(args=["outbox", "status"]).output


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=300) | st.sampled_from([one.raw for one in WORKED]), place=st.integers(0, 500))
def test_any_bytes_without_a_token_of_ours_change_nothing(app: Flask, sent: Sent, raw: bytes, place: int) -> None:
    if not number_of(app, OutboxRow)[0]:
        sent()
    altered = coming_back(app, raw)
    if altered != raw:  # one letter of the token is another
        token = coming_back(app, TOKEN.encode())
        at = place % len(token)
        altered = altered.replace(token, token[:at] + (b"b" if token[at : at + 1] != b"b" else b"c") + token[at + 1 :])
    assert taken(app, altered) == Outcome.FOREIGN
    assert number_of(app, BouncedMailbox, ReturnedEmail, Unwanted) == [0, 0, 0]


def test_a_complaint_about_one_of_several_forms_is_heard_once_another_was_confirmed(
    app: Flask, client: FlaskClient, sent: Sent, mail_server: MailServer, work: Work
) -> None:
    sent()
    first = newest_row(app)
    sent()
    press_confirm(client, link_in(mail_server.letters[1]))
    assert taken(app, coming_back(app, NO_MAILBOX, first)) == Outcome.KNOWN
    assert taken(app, coming_back(app, complaint("abuse"), first)) == Kind.COMPLAINT
    assert number_of(app, BouncedMailbox, Unwanted) == [1, 1]
    assert verified(client) == 1


def test_no_thanks_go_to_a_mailbox_that_is_not_there(
    app: Flask, client: FlaskClient, sent: Sent, mail_server: MailServer, work: Work
) -> None:
    sent()
    press_confirm(client, link_in(mail_server.letters[0]))
    with app.app_context(), transaction() as session:
        end_emails(session, "ann@example.org", Returned.HARD, clock.now(), timedelta(0))
    work()
    assert len(mail_server.letters) == 1
    assert verified(client) == 1
