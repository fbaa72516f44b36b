"""Asking for a new link to the entry: the answer is the same whoever asks, and an hour later it alone works."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app import clock
from app.crypto.tokens import Purpose, make_token
from app.db import db, transaction
from app.models import Occasion, OutboxProgress, OutboxRow, State
from tests.factories import MAILBOXES, SLUG, make_mailbox, make_petition, make_signature, sign, signatures
from tests.html_page import HtmlPage
from tests.mail_server import MailServer
from tests.signers.own_entry import link_to
from tests.signing.test_sign import statements

pytestmark = pytest.mark.both_databases

Work = Callable[[], int]
LOST = f"/petitions/{SLUG}/my-signature"


def ask(client: FlaskClient, email: str = "ann@example.org") -> TestResponse:
    return client.post(LOST, data={"email": email, "language": "en"})


def links(mail_server: MailServer) -> list[str]:
    """Return the path of the entry's link in each letter, the oldest first."""
    found = []
    for letter in mail_server.letters:
        body = letter.get_body(("plain",))
        found += re.findall(r"https?://[^/\s]+(/(?:signature|entry)/\S+)", body.get_content() if body else "")
    return found


def an_hour_later(app: Flask) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(OutboxRow).values(ended_at=clock.now() - timedelta(hours=1)))


def test_the_letter_has_a_new_link_and_older_links_stop_working_after_an_hour(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    old = link_to(app, make_signature(app))
    answer = ask(client, " Ann@Example.org ")
    assert answer.status_code == 303
    assert "an e-mail with the link is on its way" in client.get(answer.location).text
    assert client.get(old).status_code == 200
    work()
    (new,) = links(mail_server)
    assert mail_server.letters[0]["To"] == "ann@example.org"
    assert client.get(new).status_code == 200
    assert client.get(old).status_code == 200
    an_hour_later(app)
    assert client.get(old).status_code == 410
    ask(client)
    work()
    an_hour_later(app)
    assert [client.get(link).status_code for link in links(mail_server)] == [410, 200]


def test_a_letter_that_leaves_right_after_that_one_has_the_new_link_too(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    make_signature(app)
    ask(client)
    sign(client)
    work()
    assert len(links(mail_server)) == 2
    an_hour_later(app)
    assert client.get(links(mail_server)[-1]).status_code == 200


def test_a_stranger_who_asks_for_links_disturbs_nobody_who_corrects_or_withdraws(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    own = link_to(app, make_signature(app))
    page = HtmlPage(client.get(own).text)
    form = page.all("form", method="post")[0]
    for _ in range(3):
        ask(client)
        work()
    corrected = {**page.answers(form), "act": "correct", "comment": "A long new comment."}
    answer = client.post(own, data=corrected)
    assert answer.status_code == 200
    assert "A long new comment." in answer.text
    client.post(own, data={"act": "withdraw"})
    assert [one.state for one in signatures(app)] == [State.WITHDRAWN]


def test_a_link_of_a_generation_that_was_never_sent_does_not_work(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    public_id = make_signature(app)
    ask(client)
    work()
    with app.app_context():
        for generation, status in ((0, 200), (1, 200), (2, 410), (65535, 410)):
            link = f"/signature/{make_token(Purpose.ENTRY, public_id, generation)}"
            assert client.get(link).status_code == status


@pytest.mark.parametrize("state", ["nobody", "draft", "declined", State.WITHDRAWN])
def test_no_letter_is_sent_to_a_mailbox_without_a_confirmed_signature(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work, state: str
) -> None:
    make_mailbox(app, state, "ann@example.org")
    ask(client)
    work()
    assert mail_server.letters == []
    with app.app_context():
        row = db.session.scalars(select(OutboxRow)).one()
        assert (row.occasion, row.progress) == (Occasion.ENTRY, OutboxProgress.SILENT)


def test_the_signer_of_an_invalidated_signature_gets_a_link_too(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    make_signature(app, state=State.INVALIDATED)
    ask(client)
    work()
    assert "It is not counted" in client.get(links(mail_server)[0]).text


def test_answer_and_statements_are_the_same_whatever_the_mailbox_signed(
    app: Flask, client: FlaskClient, petition: str
) -> None:
    found = []
    for state in MAILBOXES:
        email = f"{state}@example.org".ljust(24, "x")
        make_mailbox(app, state, email)
        with statements(app) as seen:
            answer = ask(client, email)
        headers = sorted((name, len(value)) for name, value in answer.headers)
        found.append((answer.status_code, headers, len(answer.data), seen))
    assert found[0][0] == 303
    assert all(one == found[0] for one in found)


def test_after_three_letters_a_day_no_more_are_sent_and_the_last_link_still_works(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    make_signature(app)
    for _ in range(6):
        ask(client)
        work()
    assert len(links(mail_server)) == 3
    assert client.get(links(mail_server)[-1]).status_code == 200
    assert signatures(app)[0].generation == 3


def test_an_invalid_address_is_refused_and_queues_nothing(app: Flask, client: FlaskClient, petition: str) -> None:
    answer = ask(client, "nobody")
    assert answer.status_code == 422
    assert "not a complete e-mail address" in answer.text
    with app.app_context():
        assert db.session.scalars(select(OutboxRow)).all() == []


def test_the_page_keeps_the_language_that_was_asked_for(client: FlaskClient, petition: str) -> None:
    assert '<html lang="sv"' in client.get(f"{LOST}?language=sv").text
    answer = client.post(LOST, data={"email": "ann@example.org", "language": "sv"})
    assert '<html lang="sv"' in client.get(answer.location).text


def test_the_letter_of_a_discreet_petition_does_not_name_it(
    app: Flask, client: FlaskClient, mail_server: MailServer, work: Work
) -> None:
    make_petition(app, discreet="true")
    make_signature(app)
    ask(client)
    work()
    letter = mail_server.letters[0].as_string().replace("petitions@localhost", "")
    for telling in ("library", "Library", "petition", "Petition", "sign"):
        assert telling not in letter
    assert links(mail_server)[0].startswith("/entry/")


def test_a_form_on_another_site_is_refused(client: FlaskClient, petition: str) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert client.post(LOST, data={"email": "ann@example.org"}, headers=headers).status_code == 403


def test_the_old_link_still_works_if_the_letter_cannot_be_delivered(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    old = link_to(app, make_signature(app))
    mail_server.answer = lambda recipient: "550 no such mailbox"
    ask(client)
    work()
    assert client.get(old).status_code == 200
