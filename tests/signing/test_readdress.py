"""A mistyped address mends itself: the same form goes out to the right one, and nothing about any mailbox shows."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app import clock
from app.crypto import sealing
from app.db import db, transaction
from app.models import Draft, FormCopy, OutboxProgress, OutboxRow, Petition
from app.models.signer import COPY_PURPOSE, signer_of, signer_of_copy
from app.outbox import slow_lane
from app.retention.purge import purge_form_copies
from app.signing import proof_of_work
from app.signing.email_reference import read_reference
from tests.concurrency.test_races import at_once
from tests.factories import MAILBOXES, SLUG, drafts, make_mailbox, press_confirm, proof, sign, verified
from tests.html_page import HtmlPage
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


def test_forms_that_are_sent_on_from_a_workers_hands_take_no_turn_from_the_first_address(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof_of_work, "MAX_NUMBER", 10)
    sign(client, email="mallory@example.net", altcha=proof(client))
    pages = [sign(client, email="ann@example.org").location for _ in range(3)]

    def answer(recipient: str) -> None:
        while recipient == "mallory@example.net" and pages:
            send_to(client, pages.pop(), f"to{len(pages)}@example.net")

    mail_server.answer = answer
    work()
    assert not pages
    assert mail_server.to("ann@example.org") == []
    for _ in range(3):
        sign(client, email="ann@example.org")
    work()
    assert len(mail_server.to("ann@example.org")) == 3


def test_the_link_in_a_letter_that_was_sent_opens_an_empty_form(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    page = sign(client, email="wrong@example.org").location
    work()
    send_to(client, page)
    link = link_in(mail_server.letters[0])
    shown = HtmlPage(client.get(link).text).answers()
    assert (shown["name"], shown["comment"], shown["country"]) == ("", "", "")
    assert press_confirm(client, link, name="").status_code == 422
    assert verified(client) == 0
    (old, _new) = drafts(app)
    with app.app_context():
        assert signer_of(old).email == "wrong@example.org"


def test_nobody_is_reminded_of_an_empty_form(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    page = sign(client, email="wrong@example.org").location
    work()
    send_to(client, page)
    work()
    with app.app_context(), transaction() as session:
        session.execute(update(Draft).values(expires_at=clock.now() + timedelta(days=5)))
    work()
    assert [letter["Subject"][:9] for letter in mail_server.to("wrong@example.org")] == ["Please co"]
    assert len(mail_server.to(RIGHT)) == 2


def test_a_stranger_cannot_use_up_a_mailboxs_letters_and_then_take_their_links_away(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    for which in range(3):
        page = sign(client, name="Mallory Example", where="198.51.100.7").location
        work()
        send_to(client, page, f"mallory{which}@example.com")
    sign(client)
    work()
    for letter in mail_server.to("ann@example.org"):
        assert "Mallory" not in client.get(link_in(letter)).text
    assert press_confirm(client, link_in(mail_server.to("ann@example.org")[0])).status_code == 303
    assert verified(client) == 1


def test_a_form_that_was_sent_on_leaves_no_place_taken_in_the_slow_lane(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_lane, "MAX_PER_HOUR", 1)
    sign(client, email="first@example.org")
    work()
    page = sign(client, name="Mallory Example").location
    work()
    send_to(client, page, "mallory@example.com")
    sign(client)
    work()
    with app.app_context():
        waiting = select(Draft.email_key).join(OutboxRow, OutboxRow.draft_id == Draft.public_id)
        rows = db.session.scalars(waiting.where(OutboxRow.progress == OutboxProgress.WAITING)).all()
    assert len(rows) == 2


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


def test_nobody_but_the_page_that_sent_a_form_can_open_its_copy(app: Flask, client: FlaskClient, petition: str) -> None:
    page = sign(client, comment="I read a lot.").location
    with app.app_context():
        ids = read_reference(SLUG, page.rpartition("/")[2]).ids
        copy = db.session.scalars(select(FormCopy)).one()
        with pytest.raises(sealing.CannotOpen):
            sealing.unseal(COPY_PURPOSE, copy.public_id, copy.sealed)
        assert ids.secret not in copy.public_id + copy.sealed
        assert signer_of_copy(copy, ids.of_copy()[1]).comment == "I read a lot."
        assert ids.of_copy()[0] == copy.public_id


def test_a_draft_whose_letter_is_not_sent_is_deleted_with_that_and_the_copy_after_an_hour(
    app: Flask, client: FlaskClient, petition: str, work: Work
) -> None:
    make_mailbox(app, "declined", "ann@example.org")
    sign(client)
    work()
    assert drafts(app) == []
    with app.app_context():
        assert purge_form_copies() == 0
        with transaction() as session:
            session.execute(update(FormCopy).values(until=clock.now()))
        assert purge_form_copies() == 1


def test_after_an_hour_it_is_not_offered_and_refused(
    app: Flask, client: FlaskClient, petition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = sign(client, email="wrong@example.org").location
    later = clock.now() + timedelta(hours=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert "Not your address?" not in client.get(page).text
    assert send_to(client, page).status_code == 409
    assert [draft.signed_at < later for draft in drafts(app)] == [True]


def test_the_answer_tells_nothing_of_what_the_first_mailboxs_reader_did_meanwhile(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    found = {}
    for number, act in enumerate(("nothing", "confirm", "not-me")):
        page = sign(client, email=f"ann{number}@example.org").location
        work()
        letter = mail_server.to(f"ann{number}@example.org")[0]
        if act == "confirm":
            press_confirm(client, link_in(letter))
        elif act == "not-me":
            client.post(link_in(letter, "not-me"))
        with statements(app) as seen:
            answer = send_to(client, page, f"right{number}@example.org")
        work()
        arrived = len(mail_server.to(f"right{number}@example.org"))
        found[act] = (answer.status_code, len(answer.location), arrived, seen)
    assert found["nothing"][2] == 1
    assert found["confirm"] == found["not-me"] == found["nothing"]
    assert verified(client) == 1


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
