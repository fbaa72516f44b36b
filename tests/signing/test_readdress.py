"""A mistyped address mends itself: the same form goes out to the right one, and nothing about any mailbox shows."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from app import clock
from app.db import transaction
from app.models import Draft, Petition
from app.models.signer import signer_of
from app.retention.purge import purge_drafts
from tests.concurrency.test_races import at_once
from tests.factories import MAILBOXES, drafts, make_mailbox, press_confirm, sign, signatures, verified
from tests.mail_server import MailServer, link_in
from tests.signing.test_sign import statements

pytestmark = pytest.mark.both_databases

Work = Callable[[], int]
RIGHT = "ann.right@example.org"


def send_to(client: FlaskClient, page: str, address: str = RIGHT, **fields: str) -> TestResponse:
    return client.post(page, data={"email": address, **fields})


def test_the_form_goes_out_to_the_right_address_and_the_waiting_letter_to_the_first_does_not(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    page = sign(client, email="wrong@example.org", comment="I read a lot.").location
    assert "Not your address?" in client.get(page).text
    answer = send_to(client, page)
    assert answer.status_code == 303
    assert RIGHT in client.get(answer.location).text
    work()
    assert [letter["To"] for letter in mail_server.letters] == [RIGHT]
    (draft,) = drafts(app)
    with app.app_context():
        signer = signer_of(draft)
    assert (signer.name, signer.comment, signer.email) == ("Ann Example", "I read a lot.", RIGHT)
    assert press_confirm(client, link_in(mail_server.letters[0])).status_code == 303
    assert verified(client) == 1


def test_a_letter_that_was_sent_to_the_first_address_confirms_nothing_any_more(
    client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    page = sign(client, email="wrong@example.org").location
    work()
    send_to(client, page)
    assert press_confirm(client, link_in(mail_server.letters[0])).status_code == 410
    assert verified(client) == 0


def test_it_can_be_done_again_but_each_draft_is_sent_on_once(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    first = sign(client, email="wrong@example.org").location
    second = send_to(client, first, "wrong.again@example.org").location
    send_to(client, second)
    assert send_to(client, first, "stranger@example.org").status_code == 303
    work()
    assert [letter["To"] for letter in mail_server.letters] == [RIGHT]


def test_of_eight_corrections_at_once_one_goes_out(app: Flask, client: FlaskClient, petition: str) -> None:
    page = sign(client, email="wrong@example.org").location
    answers = at_once(8, lambda which: send_to(app.test_client(), page, f"ann{which}@example.org").status_code)
    assert set(answers) == {303}
    assert len(drafts(app)) == 1


@pytest.mark.parametrize("letter", ["waits", "has ended"])
def test_the_answer_is_the_same_and_the_letter_goes_out_whatever_the_first_mailbox_did(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work, letter: str
) -> None:
    found = {}
    for number, state in enumerate(MAILBOXES):
        address = f"{state}@example.org".ljust(24, "x")
        make_mailbox(app, state, address)
        page = sign(client, email=address).location
        if letter == "has ended":
            work()
        shown = client.get(page).text
        with statements(app) as seen:
            answer = send_to(client, page, f"right{number}@example.org")
        headers = sorted((name, len(value)) for name, value in answer.headers)
        found[state] = (answer.status_code, headers, len(shown.replace(page, "")), seen)
    for state in MAILBOXES:
        assert found[state] == found["nobody"], state
    work()
    recipients = {letter["To"] for letter in mail_server.letters}
    assert {f"right{number}@example.org" for number in range(len(MAILBOXES))} <= recipients


def test_a_draft_whose_letter_was_silenced_stays_for_an_hour_and_is_then_deleted(
    app: Flask, client: FlaskClient, petition: str, work: Work
) -> None:
    make_mailbox(app, "declined", "ann@example.org")
    sign(client)
    work()
    with app.app_context():
        assert purge_drafts() == 0
        (draft,) = drafts(app)
        assert draft.expires_at == draft.signed_at + timedelta(hours=1)
        with transaction() as session:
            session.execute(update(Draft).values(expires_at=clock.now() - timedelta(seconds=1)))
        assert purge_drafts() == 1


def test_after_an_hour_it_is_not_offered_and_refused(
    app: Flask, client: FlaskClient, petition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = sign(client, email="wrong@example.org").location
    later = clock.now() + timedelta(hours=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert "Not your address?" not in client.get(page).text
    assert send_to(client, page).status_code == 409
    assert [draft.signed_at < later for draft in drafts(app)] == [True]


def test_a_confirmed_form_is_not_sent_on(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    page = sign(client).location
    work()
    press_confirm(client, link_in(mail_server.letters[0]))
    assert send_to(client, page).status_code == 303
    work()
    assert RIGHT not in {letter["To"] for letter in mail_server.letters}
    assert len(signatures(app)) == verified(client) == 1


def test_a_closed_petition_sends_nothing_on(app: Flask, client: FlaskClient, petition: str) -> None:
    page = sign(client, email="wrong@example.org").location
    with app.app_context(), transaction() as session:
        session.execute(update(Petition).values(closes_at=clock.now()))
    assert "Not your address?" not in client.get(page).text
    assert send_to(client, page).status_code == 409


@pytest.mark.parametrize("address", ["", "nobody", "ann@mailinator.com"])
def test_an_address_that_may_not_sign_is_refused_and_stays_in_the_form(
    app: Flask, client: FlaskClient, petition: str, address: str
) -> None:
    page = sign(client, email="wrong@example.org").location
    answer = send_to(client, page, address)
    assert answer.status_code == 422
    assert f'value="{address}"' in answer.text
    assert "<details open" in answer.text.replace(' class="more"', "")
    with app.app_context():
        assert [signer_of(draft).email for draft in drafts(app)] == ["wrong@example.org"]


def test_corrections_are_limited_like_forms(client: FlaskClient, petition: str, app: Flask) -> None:
    page = sign(client, email="wrong@example.org").location
    statuses = [send_to(client, page, f"ann{which}@example.org").status_code for which in range(60)]
    assert statuses[0] == 303
    assert statuses[-1] == 429


def test_a_form_on_another_site_sends_nothing_on(client: FlaskClient, petition: str, app: Flask) -> None:
    page = sign(client, email="wrong@example.org").location
    answer = client.post(page, data={"email": RIGHT}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert len(drafts(app)) == 1
