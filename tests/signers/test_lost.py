"""A lost letter: the same answer and the same statements whoever asks, and the new link ends the older ones."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.db import db
from app.models import Occasion, OutboxProgress, OutboxRow, State
from tests.factories import SLUG, make_petition, make_signature, signatures
from tests.mail_server import MailServer
from tests.signers.test_entry import link_to
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


def test_a_letter_brings_a_new_link_and_ends_the_older_ones(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    old = link_to(app, make_signature(app))
    answer = ask(client, " Ann@Example.org ")
    assert answer.status_code == 303
    assert "a letter with the link is on its way" in client.get(answer.location).text
    assert client.get(old).status_code == 200
    work()
    (new,) = links(mail_server)
    assert mail_server.letters[0]["To"] == "ann@example.org"
    assert client.get(new).status_code == 200
    assert client.get(old).status_code == 410
    ask(client)
    work()
    assert [client.get(link).status_code for link in links(mail_server)] == [410, 200]


@pytest.mark.parametrize("state", [None, State.PENDING, State.WITHDRAWN, State.DECLINED])
def test_who_has_confirmed_nothing_gets_no_letter(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work, state: State | None
) -> None:
    if state:
        make_signature(app, state=state)
    ask(client)
    work()
    assert mail_server.letters == []
    with app.app_context():
        row = db.session.scalars(select(OutboxRow)).one()
        assert (row.occasion, row.progress) == (Occasion.ENTRY, OutboxProgress.SILENT)


def test_who_is_invalidated_gets_the_link_to_object(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    make_signature(app, state=State.INVALIDATED)
    ask(client)
    work()
    assert "It is not counted" in client.get(links(mail_server)[0]).text


def test_a_stranger_cannot_tell_who_signed_and_neither_can_a_clock(
    app: Flask, client: FlaskClient, petition: str
) -> None:
    found = []
    for state in (None, *State):
        email = f"{state or 'nobody'}@example.org".ljust(24, "x")
        if state:
            make_signature(app, state=state, email=email)
        with statements(app) as seen:
            answer = ask(client, email)
        headers = sorted((name, len(value)) for name, value in answer.headers)
        found.append((answer.status_code, headers, len(answer.data), seen))
    assert found[0][0] == 303
    assert all(one == found[0] for one in found)


def test_beyond_three_letters_a_day_there_is_silence_and_the_last_link_goes_on_working(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    make_signature(app)
    for _ in range(6):
        ask(client)
        work()
    assert len(links(mail_server)) == 3
    assert client.get(links(mail_server)[-1]).status_code == 200
    assert signatures(app)[0].generation == 3


def test_a_wrong_address_is_told_so_and_writes_nothing(app: Flask, client: FlaskClient, petition: str) -> None:
    answer = ask(client, "nobody")
    assert answer.status_code == 422
    assert "not a complete e-mail address" in answer.text
    with app.app_context():
        assert db.session.scalars(select(OutboxRow)).all() == []


def test_the_page_speaks_the_language_that_it_was_asked_in(client: FlaskClient, petition: str) -> None:
    assert '<html lang="sv"' in client.get(f"{LOST}?language=sv").text
    answer = client.post(LOST, data={"email": "ann@example.org", "language": "sv"})
    assert '<html lang="sv"' in client.get(answer.location).text


def test_the_letter_of_a_discreet_petition_keeps_its_cause(
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


def test_a_form_of_another_site_is_refused(client: FlaskClient, petition: str) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert client.post(LOST, data={"email": "ann@example.org"}, headers=headers).status_code == 403


def test_a_letter_that_never_came_takes_no_link_away(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    old = link_to(app, make_signature(app))
    mail_server.answer = lambda recipient: "550 no such mailbox"
    ask(client)
    work()
    assert client.get(old).status_code == 200
