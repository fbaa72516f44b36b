"""Opting out of all e-mails: off every list at once, and one a day that the mailbox's own reader can have asked for."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from sqlalchemy import select, update

from app import clock
from app.db import db, transaction
from app.export.rows import Choice, read_rows
from app.export.sent_rows import SentRows
from app.models import Act, AuditEntry, OutboxRow, Petition, Unwanted
from app.outbox import unwanted
from app.retention import consent
from app.retention.consent import end_consent
from tests.factories import change_signers, make_petition, make_signature, press_confirm, sign, signatures, verified
from tests.mail_server import MailServer, link_in, text_of

pytestmark = pytest.mark.both_databases

Work = Callable[[], int]
ANN = "ann@example.org"
TOLD = "You had asked us for no more e-mails"


def stop(app: Flask, address: str = ANN) -> None:
    with app.app_context(), transaction() as session:
        unwanted.stop_emails(session, unwanted.mailbox_of(session, address), clock.now())


def addresses_on_the_list(app: Flask) -> list[str]:
    with app.app_context():
        petition_id = db.session.scalars(select(Petition.id)).one()
        return [row.email for row in read_rows(petition_id, Choice(with_email=True), SentRows().add)]


def let_a_day_pass(app: Flask) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(OutboxRow).values(allowed_at=clock.now() - timedelta(days=1, seconds=1)))


def test_a_mailbox_that_opted_out_is_off_every_list_at_once_and_its_consent_ends(app: Flask, petition: str) -> None:
    make_signature(app, email=ANN)
    make_signature(app, email="bob@example.org")
    change_signers(app, updates=True)
    stop(app, "Ann+news@example.org")
    assert addresses_on_the_list(app) == ["", "bob@example.org"]
    assert [one.updates for one in signatures(app)] == [True, True]
    with app.app_context():
        assert end_consent() == 1
        assert end_consent() == 0
    assert [one.updates for one in signatures(app)] == [False, True]


@pytest.mark.parametrize("neighbour", ["ann--b@example.org", "ann=b@example.org", "ann#b@example.org"])
def test_a_neighbour_whose_address_looks_like_a_tag_opts_out_for_nobody_else(
    app: Flask, petition: str, neighbour: str
) -> None:
    make_signature(app, email=ANN)
    change_signers(app, updates=True)
    stop(app, neighbour)
    assert addresses_on_the_list(app) == [ANN]
    with app.app_context():
        assert end_consent() == 0


def test_undoing_it_does_not_bring_consent_back(app: Flask, petition: str) -> None:
    make_signature(app, email=ANN)
    change_signers(app, updates=True)
    stop(app)
    with app.app_context():
        end_consent()
        with transaction() as session:
            unwanted.resume_emails(session, unwanted.mailbox_of(session, ANN))
    assert addresses_on_the_list(app) == [""]


def test_consent_is_ended_batch_by_batch_and_again_for_the_next_mailbox(
    app: Flask, petition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consent, "BATCH_SIZE", 2)
    for which in range(5):
        make_signature(app, email=f"ann{which}@example.org")
    change_signers(app, updates=True)
    for which, left in ((0, 4), (4, 3)):
        stop(app, f"ann{which}@example.org")
        with app.app_context():
            assert end_consent() == 1
        assert sum(one.updates for one in signatures(app)) == left


def test_signing_after_opting_out_gets_its_letter_which_says_so_on_top(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    stop(app)
    sign(client)
    work()
    (letter,) = mail_server.letters
    for kind in ("plain", "html"):
        body = text_of(letter, kind)
        assert body.index(TOLD) < body.index("Hello")
        assert "/unsubscribe/" in body
    assert press_confirm(client, link_in(letter)).status_code == 303
    assert verified(client) == 1


def test_the_own_link_comes_after_opting_out_so_that_one_can_withdraw(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    make_signature(app, email=ANN)
    stop(app)
    client.post(f"/petitions/{petition}/my-signature", data={"email": ANN})
    work()
    (letter,) = mail_server.letters
    assert TOLD in text_of(letter)
    assert letter["List-Unsubscribe"]
    client.post(link_in(letter, "signature"), data={"act": "withdraw"})
    assert verified(client) == 0


def test_one_letter_a_day_goes_to_a_mailbox_that_opted_out_from_all_petitions_together(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    stop(app)
    other = make_petition(app, slug='"another"')
    for _ in range(2):
        sign(client)
        sign(client, other)
        client.post(f"/petitions/{petition}/my-signature", data={"email": ANN})
        work()
    assert len(mail_server.letters) == 1
    let_a_day_pass(app)
    sign(client, other)
    work()
    assert len(mail_server.letters) == 2


@pytest.mark.parametrize("has_signed", [True, False])
def test_one_letter_a_day_goes_out_at_whichever_domain_of_her_provider_she_is_spelt(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work, has_signed: bool
) -> None:
    if has_signed:
        make_signature(app, email="ann@posteo.de")
    stop(app, "ann@posteo.de")
    for domain in ("net", "com", "us", "ca", "de"):
        sign(client, email=f"ann@posteo.{domain}")
        work()
        client.post(f"/petitions/{petition}/my-signature", data={"email": f"ann@posteo.{domain}"})
        work()
    assert len(mail_server.letters) == 1


@pytest.mark.parametrize("tag", ["+x", "--x", "=x"])
def test_a_tag_that_her_server_refuses_does_not_use_up_the_letter_of_the_day(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work, tag: str
) -> None:
    make_signature(app, email=ANN)
    stop(app)
    mail_server.answer = lambda recipient: "550 5.1.1 no such mailbox" if "x@" in recipient else None
    sign(client, email=ANN.replace("@", f"{tag}@"))
    work()
    client.post(f"/petitions/{petition}/my-signature", data={"email": ANN})
    work()
    assert [letter["To"] for letter in mail_server.letters] == [ANN]


def test_stopping_again_does_not_allow_another_letter(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    stop(app)
    sign(client)
    work()
    client.post(link_in(mail_server.letters[0], "unsubscribe"))
    sign(client)
    work()
    assert len(mail_server.letters) == 1


def test_a_letter_from_before_opting_out_does_not_use_up_the_one_of_the_day(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    sign(client)
    work()
    stop(app)
    sign(client)
    work()
    assert [TOLD in text_of(letter) for letter in mail_server.letters] == [False, True]


def test_no_thanks_and_no_reminder_go_to_a_mailbox_that_opted_out(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    stop(app)
    sign(client)
    work()
    press_confirm(client, link_in(mail_server.letters[0]))
    work()
    assert len(mail_server.letters) == 1


def test_the_pages_name_opting_out_among_the_causes_to_everybody_alike(client: FlaskClient, petition: str) -> None:
    page = client.get(sign(client).location).text
    assert "One that asked us for no more e-mails gets at most one" in page
    assert "one that told us that it was not them gets none" in page
    lost = client.get(f"/petitions/{petition}/my-signature?sent=1").text
    assert "one to an address that asked us for no more e-mails" in lost


def test_an_operator_lifts_it_and_the_log_says_so_without_the_address(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work, runner: FlaskCliRunner
) -> None:
    sign(client)
    work()
    client.post(link_in(mail_server.letters[0], "not-me"), data={"never": "1"})
    result = runner.invoke(args=["outbox", "allow", "Ann+x@example.org"])
    assert "had stopped no e-mails" not in result.output
    result = runner.invoke(args=["outbox", "allow", ANN])
    assert result.exit_code == 0, result.output
    sign(client)
    work()
    assert len(mail_server.letters) == 2
    assert TOLD not in text_of(mail_server.letters[1])
    with app.app_context():
        assert db.session.scalars(select(Unwanted)).all() == []
        lines = db.session.scalars(select(AuditEntry).where(AuditEntry.act == Act.ALLOWED)).all()
        assert [(line.petition_id, line.organiser_id, line.details) for line in lines] == [(None, None, {})] * 2


def test_lifting_nothing_says_so_and_is_not_logged(app: Flask, petition: str, runner: FlaskCliRunner) -> None:
    assert "had stopped no e-mails" in runner.invoke(args=["outbox", "allow", ANN]).output
    assert runner.invoke(args=["outbox", "allow", "nobody"]).exit_code == 1
    with app.app_context():
        assert db.session.scalars(select(AuditEntry).where(AuditEntry.act == Act.ALLOWED)).all() == []
