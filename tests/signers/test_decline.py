"""Declining ("it was not me"): the data is erased at once, no letter follows, and it can be undone for seven days."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app import clock, jobs
from app.db import db, transaction
from app.models import Declined, Draft, Petition
from app.models.draft import CLOSED
from tests.concurrency.test_races import at_once
from tests.factories import drafts, hidden_fields, make_petition, press_confirm, sign, signatures, verified
from tests.mail_server import MailServer, link_in, text_of
from tests.races import just_before_writing

pytestmark = pytest.mark.both_databases

Work = Callable[[], int]


@pytest.fixture
def link(client: FlaskClient, petition: str, mail_server: MailServer, work: Work) -> str:
    """The "it was not me" link in a confirmation letter."""
    sign(client)
    work()
    return link_in(mail_server.letters[0], "not-me")


def marks(app: Flask) -> list[Declined]:
    with app.app_context():
        return list(db.session.scalars(select(Declined)))


def change(app: Flask, **values: object) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(Declined).values(values))


def test_the_button_erases_the_data_and_opening_the_page_does_not(app: Flask, client: FlaskClient, link: str) -> None:
    assert "It was not me" in client.get(link).text
    client.head(link)
    assert drafts(app)[0].sealed is not None
    answer = client.post(link)
    assert "It is erased" in answer.text
    (draft,) = drafts(app)
    assert {column: getattr(draft, column) for column in CLOSED} == CLOSED
    assert [mark.email_key for mark in marks(app)] == [draft.email_key]
    assert answer.headers["Cache-Control"] == "no-store"


def test_signing_again_with_a_declined_address_sends_no_letter(
    app: Flask, client: FlaskClient, link: str, mail_server: MailServer, work: Work
) -> None:
    client.post(link)
    assert sign(client).status_code == 303
    work()
    assert len(mail_server.letters) == 1
    assert [draft.sealed for draft in drafts(app)] == [None]


def test_the_page_says_what_declining_means_for_signing_oneself(client: FlaskClient, link: str) -> None:
    assert "whoever enters your address, even if it is you" in client.get(link).text


def test_declining_erases_every_draft_of_the_mailbox_and_each_of_their_links_can_undo_it(
    app: Flask, client: FlaskClient, link: str, mail_server: MailServer, work: Work
) -> None:
    sign(client, name="Somebody Else")
    work()
    client.post(link)
    assert [draft.sealed for draft in drafts(app)] == [None, None]
    other = mail_server.letters[1]
    assert client.get(link_in(other)).status_code == 403
    assert "Undo it" in client.get(link_in(other, "not-me")).text
    client.post(link_in(other, "not-me"), data={"act": "undo"})
    assert marks(app) == []


def test_declining_a_strangers_draft_takes_nothing_from_what_the_mailbox_confirmed(
    app: Flask, client: FlaskClient, link: str, mail_server: MailServer, work: Work
) -> None:
    sign(client)
    work()
    confirmed = link_in(mail_server.letters[1])
    with just_before_writing(lambda: press_confirm(app.test_client(), confirmed)):
        answer = client.post(link)
    assert "my-signature" in answer.text
    assert verified(client) == 1
    assert marks(app) == []


def test_after_declining_the_confirmation_link_does_not_work(
    client: FlaskClient, link: str, mail_server: MailServer
) -> None:
    client.post(link)
    answer = press_confirm(client, link_in(mail_server.letters[0]))
    assert answer.status_code == 403
    assert "was declined" in answer.text
    assert verified(client) == 0


def test_declining_can_be_undone_for_seven_days_with_the_same_link(
    app: Flask, client: FlaskClient, link: str, mail_server: MailServer, work: Work
) -> None:
    client.post(link)
    assert "Undo it" in client.get(link).text
    assert "It is undone" in client.post(link, data={"act": "undo"}).text
    assert marks(app) == []
    assert client.post(link, data={"act": "undo"}).status_code == 410
    sign(client)
    work()
    assert press_confirm(client, link_in(mail_server.letters[1])).status_code == 303
    assert verified(client) == 1


def test_after_seven_days_declining_cannot_be_undone(app: Flask, client: FlaskClient, link: str) -> None:
    client.post(link)
    change(app, undo_until=clock.now() - timedelta(seconds=1))
    assert "Undo it" not in client.get(link).text
    client.post(link, data={"act": "undo"})
    assert len(marks(app)) == 1


def test_declining_again_does_not_extend_the_seven_days(app: Flask, client: FlaskClient, link: str) -> None:
    client.post(link)
    until = marks(app)[0].undo_until
    client.post(link)
    assert marks(app)[0].undo_until == until


def test_declining_a_confirmed_signature_changes_nothing_and_says_how_to_withdraw(
    app: Flask, client: FlaskClient, link: str, mail_server: MailServer
) -> None:
    press_confirm(client, link_in(mail_server.letters[0]))
    for act in ("", "undo"):
        answer = client.post(link, data={"act": act})
        assert "my-signature" in answer.text
    assert marks(app) == []
    assert verified(client) == 1


def test_the_mark_is_deleted_after_the_petition_closes(app: Flask, client: FlaskClient, link: str) -> None:
    client.post(link)
    with app.app_context():
        jobs.run_all(jobs.RETENTION)
        assert len(marks(app)) == 1
        with transaction() as session:
            session.execute(update(Petition).values(closes_at=clock.now()))
        jobs.run_all(jobs.RETENTION)
    assert marks(app) == []
    assert client.get(link).status_code == 410


def test_purging_expired_drafts_keeps_the_mark(
    app: Flask, client: FlaskClient, link: str, mail_server: MailServer, work: Work
) -> None:
    client.post(link)
    change(app, undo_until=clock.now() - timedelta(days=30))
    with app.app_context(), transaction() as session:
        session.execute(update(Draft).values(expires_at=clock.now() - timedelta(days=30)))
    with app.app_context():
        jobs.run_all(jobs.RETENTION)
    assert drafts(app) == []
    sign(client)
    work()
    assert len(mail_server.letters) == 1


@pytest.mark.parametrize("altered", ["/not-me/nonsense", "/unsubscribe/nonsense"])
def test_an_invalid_token_is_not_found(client: FlaskClient, petition: str, altered: str) -> None:
    assert client.get(altered).status_code == client.post(altered).status_code == 404


def test_a_token_opens_only_the_page_that_it_was_made_for(client: FlaskClient, link: str) -> None:
    token = link.removeprefix("/not-me/")
    for place in ("confirm", "signature", "unsubscribe"):
        assert client.get(f"/{place}/{token}").status_code == 404


def test_of_confirming_and_declining_at_once_exactly_one_takes_effect(
    app: Flask, client: FlaskClient, link: str, mail_server: MailServer
) -> None:
    confirm = link_in(mail_server.letters[0])
    answers = {"name": "Ann Example", "country": "SE", "visibility": "public"}
    answers |= hidden_fields(client.get(confirm).text)

    def press(which: int) -> None:
        path, data = (confirm, answers) if which % 2 else (link, {})
        app.test_client().post(path, data=data)

    at_once(16, press)
    assert (len(signatures(app)), len(marks(app)), verified(client)) in [(1, 0, 1), (0, 1, 0)]
    assert not any(draft.sealed for draft in drafts(app))


def test_a_discreet_petition_is_not_named_in_the_letter_or_on_these_pages(
    app: Flask, client: FlaskClient, mail_server: MailServer, work: Work
) -> None:
    slug = make_petition(app, slug='"hushed"', discreet="true", title='"Free the librarian"')
    sign(client, slug)
    work()
    letter = mail_server.letters[0]
    links = [link_in(letter, "not-me"), re.sub("^<[^/]*//[^/]*|>$", "", letter["List-Unsubscribe"])]
    pages = [client.get(link).text for link in links] + [client.post(link).text for link in links]
    for words in (letter["Subject"], *links, text_of(letter), text_of(letter, "html"), *pages):
        assert not re.search("librarian|hushed|petition|sign", words, re.IGNORECASE), words
