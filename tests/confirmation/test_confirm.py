"""The confirm page and its button: what it shows, what it refuses, and what a link says that cannot confirm."""

import re
import sys
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app import clock, jobs
from app.crypto import tokens
from app.db import db, transaction
from app.ledger.audit import audit
from app.models import Draft, Petition, State, Visibility
from app.models.signer import signer_of
from tests.factories import (
    drafts,
    hidden_fields,
    make_petition,
    make_signature,
    press_confirm,
    sign,
    signatures,
    verified,
)
from tests.mail_server import MailServer, link_in
from tests.races import just_before_writing
from tests.signing.test_sign import statements

pytestmark = pytest.mark.both_databases

Work = Callable[[], int]


def link_of(app: Flask, public_id: bytes) -> str:
    with app.app_context():
        return f"/confirm/{tokens.make_token(tokens.Purpose.CONFIRM, public_id)}"


def change(app: Flask, table: type[Draft] | type[Petition], **values: object) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(table).values(**values))


@pytest.fixture
def link(client: FlaskClient, petition: str, mail_server: MailServer, work: Work) -> str:
    """Give the link in the letter of somebody who has just signed."""
    sign(client)
    work()
    return link_in(mail_server.letters[0])


def test_the_page_shows_all_that_would_be_counted_and_published(client: FlaskClient, link: str) -> None:
    page = client.get(link).text
    for shown in ("Save the test library", "keep the test library open", "Ann Example", "Reader", "Sweden", "I read."):
        assert shown in page
    assert "ann@example.org" in page
    assert 'checked id="visibility-0"' in page


def test_corrections_on_the_confirm_page_are_saved(app: Flask, client: FlaskClient, link: str) -> None:
    press_confirm(client, link, name="Anna Example", country="FI", visibility="organisers", updates="y")
    (signature,) = signatures(app)
    with app.app_context():
        assert signer_of(signature).name == "Anna Example"
        assert signer_of(signature).email == "ann@example.org"
    assert (signature.country, signature.visibility, signature.updates) == ("FI", Visibility.ORGANISERS, True)
    assert "Anna" not in client.get("/petitions/save-the-test-library").text


def test_an_invalid_correction_confirms_nothing_and_keeps_what_was_typed(client: FlaskClient, link: str) -> None:
    answer = press_confirm(client, link, name=" ", affiliation="Still here")
    assert answer.status_code == 422
    assert "Please tell us your name." in answer.text
    assert "Still here" in answer.text
    assert verified(client) == 0


def test_answers_that_are_confirmed_as_they_were_typed_are_not_sealed_again(
    app: Flask, client: FlaskClient, link: str
) -> None:
    (draft,) = drafts(app)
    press_confirm(client, link)
    (signature,) = signatures(app)
    assert (signature.public_id, signature.sealed) == (draft.public_id, draft.sealed)
    assert (signature.signed_at, signature.email_key) == (draft.signed_at, draft.email_key)


def test_of_two_windows_with_different_answers_the_first_counts_and_the_other_is_told(
    app: Flask, client: FlaskClient, link: str
) -> None:
    with just_before_writing(lambda: press_confirm(app.test_client(), link, name="Anna First")):
        answer = press_confirm(client, link, name="Anna Second")
    assert answer.status_code == 200
    assert "Already confirmed" in answer.text
    (signature,) = signatures(app)
    with app.app_context():
        assert signer_of(signature).name == "Anna First"
    assert verified(client) == 1


@pytest.mark.parametrize("first", [0, 1])
def test_the_draft_that_is_confirmed_first_counts_and_the_others_links_say_so(
    app: Flask, client: FlaskClient, link: str, mail_server: MailServer, work: Work, first: int
) -> None:
    sign(client, name="Ann New")
    work()
    links = [link_in(letter) for letter in mail_server.letters]
    name = ("Ann Example", "Ann New")[first]
    assert name in client.get(links[first]).text
    press_confirm(client, links[first], name=name)
    for other in links:
        for answer in (client.get(other), press_confirm(client, other)):
            assert answer.status_code == 200
            assert "Already confirmed" in answer.text
    (signature,) = signatures(app)
    with app.app_context():
        assert signer_of(signature).name == name
    assert [draft.sealed for draft in drafts(app)] == [None]
    assert [draft.email_key for draft in drafts(app)] == [None]
    assert verified(client) == 1


def test_the_button_is_there_again_if_what_came_between_was_taken_back(
    app: Flask, client: FlaskClient, link: str, mail_server: MailServer, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign(client, name="Ann Second")
    work()
    second = link_in(mail_server.letters[1])

    def too_late(*told: object) -> bool:
        """As if the mailbox's other draft was confirmed, and that signature withdrawn, while this one was pressed."""
        return False

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(sys.modules["app.confirmation.confirm"], "make_signature", too_late)
        answer = press_confirm(client, second, name="Ann Third")
    assert answer.status_code == 409
    assert "nothing is confirmed yet" in answer.text
    assert "Ann Third" in answer.text and "Confirm your signature" in answer.text
    assert "organisers have taken" not in answer.text
    assert press_confirm(client, second).status_code == 303
    assert verified(client) == 1


@pytest.mark.parametrize("others", [0, 2])
def test_it_is_one_statement_on_postgresql_and_one_transaction_on_sqlite(
    app: Flask, client: FlaskClient, link: str, work: Work, others: int
) -> None:
    for _ in range(others):
        sign(client)
    work()
    with statements(app) as seen:
        assert press_confirm(client, link).status_code == 303
    writing = [one for one in seen if re.search("INSERT|UPDATE draft|DELETE", one)]
    if writing[0].startswith("WITH"):  # PostgreSQL
        assert len(writing) == 1
        assert not any(one.startswith("BEGIN") for one in seen)
    else:
        assert [one for one in seen if one.startswith("BEGIN")].count("BEGIN IMMEDIATE") == 1
    assert [draft.signature_id for draft in drafts(app)] == [one.id for one in signatures(app)] * others


def test_a_link_of_another_draft_tells_what_became_of_the_signature_and_keeps_no_key(
    app: Flask, client: FlaskClient, link: str, mail_server: MailServer, work: Work
) -> None:
    sign(client)
    work()
    press_confirm(client, link)
    work()
    client.post(link_in(mail_server.letters[2], "signature"), data={"act": "withdraw"})
    answer = client.get(link_in(mail_server.letters[1]))
    assert answer.status_code == 410
    assert "This signature was withdrawn" in answer.text
    assert not any(row.email_key for row in [*drafts(app), *signatures(app)])


def test_a_letter_that_waits_while_another_draft_is_confirmed_is_not_sent(
    client: FlaskClient, link: str, mail_server: MailServer, work: Work
) -> None:
    sign(client)
    press_confirm(client, link)
    work()
    assert [letter["Subject"][:7] for letter in mail_server.letters] == ["Please ", "Thank y"]


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    ("state", "status", "says"),
    [
        (State.VERIFIED, 200, "Already confirmed"),
        (State.WITHDRAWN, 410, "This signature was withdrawn"),
        (State.INVALIDATED, 403, "This signature is not counted"),
    ],
)
def test_a_link_to_a_signature_says_what_became_of_it(
    app: Flask, client: FlaskClient, petition: str, state: State, status: int, says: str, method: str
) -> None:
    link = link_of(app, make_signature(app, state=state))
    before = verified(client)
    answer = getattr(client, method)(link)
    assert answer.status_code == status
    assert f"<h1>{says}</h1>" in answer.text
    assert "Ann Example" not in answer.text
    assert verified(client) == before


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("token", ["nonsense", "a.b", "é", "%00", "A" * 3000])
def test_an_altered_link_is_not_found_and_says_what_to_do(
    client: FlaskClient, petition: str, token: str, method: str
) -> None:
    answer = getattr(client, method)(f"/confirm/{token}")
    assert answer.status_code == 404
    assert "copy the whole link" in answer.text


def test_an_expired_link_says_so_and_counts_nothing(app: Flask, client: FlaskClient, link: str) -> None:
    fields = hidden_fields(client.get(link).text)
    change(app, Draft, expires_at=clock.now() - timedelta(seconds=1))
    for answer in (client.get(link), client.post(link, data={"name": "A", "country": "SE", **fields})):
        assert answer.status_code == 410
        assert "This link has expired" in answer.text
    assert verified(client) == 0


def test_an_expired_link_stays_expired_when_the_mailbox_signs_again(
    app: Flask, client: FlaskClient, link: str, mail_server: MailServer, work: Work
) -> None:
    change(app, Draft, expires_at=clock.now() - timedelta(days=1))
    sign(client)
    work()
    assert client.get(link).status_code == 410
    assert press_confirm(client, link_in(mail_server.letters[1])).status_code == 303
    assert verified(client) == 1


def test_a_link_to_a_deleted_draft_does_not_open_the_next_one(app: Flask, client: FlaskClient, link: str) -> None:
    with app.app_context(), transaction() as session:
        session.execute(Draft.__table__.delete())  # type: ignore[attr-defined]
    sign(client, email="stranger@example.org", name="Stranger Example")
    answer = client.get(link)
    assert answer.status_code == 410
    assert "Stranger" not in answer.text


@pytest.mark.parametrize(
    ("closed_for", "counts"), [(timedelta(hours=23), True), (timedelta(hours=25), False)], ids=["in time", "too late"]
)
def test_after_closing_a_draft_can_be_confirmed_for_24_hours(
    app: Flask, client: FlaskClient, link: str, closed_for: timedelta, counts: bool
) -> None:
    change(app, Draft, expires_at=clock.now() + timedelta(days=7) - closed_for - timedelta(hours=1))
    change(app, Petition, closes_at=clock.now() - closed_for)
    press_confirm(client, link)
    assert verified(client) == int(counts)


def test_a_letter_sent_after_closing_can_be_confirmed_for_24_hours_from_then(
    app: Flask, client: FlaskClient, link: str
) -> None:
    change(app, Petition, closes_at=clock.now() - timedelta(days=3))
    assert press_confirm(client, link).status_code == 303


def test_a_draft_does_not_expire_while_its_letter_waits(app: Flask, client: FlaskClient, petition: str) -> None:
    sign(client)
    (draft,) = drafts(app)
    assert draft.expires_at is None
    assert client.get(link_of(app, draft.public_id)).status_code == 200


def test_a_clock_that_goes_back_an_hour_stops_nobody(
    app: Flask, client: FlaskClient, link: str, mail_server: MailServer, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(app, Petition, opened_at=clock.now() - timedelta(days=1))
    sign(client, email="waiting@example.org", where="192.0.2.2")
    earlier = clock.now() - timedelta(hours=1)
    monkeypatch.setattr(clock, "now", lambda: earlier)
    assert "Ann Example" in client.get(link).text
    assert press_confirm(client, link).status_code == 303
    sign(client, email="bob@example.org", where="192.0.2.1")
    work()
    assert press_confirm(client, link_in(mail_server.to("bob@example.org")[0])).status_code == 303
    work()
    with app.app_context():
        jobs.run_all(jobs.JOBS)
        assert audit(db.session.scalars(select(Petition)).one()).sound
    assert verified(client) == 2
    assert len(mail_server.to("waiting@example.org")) == 1
    assert [letter["Subject"][:5] for letter in mail_server.to("ann@example.org")] == ["Pleas", "Thank"]


class TestDiscreet:
    """A discreet petition is not named in the letter, nor on the page until a button is pressed."""

    @pytest.fixture
    def link(self, app: Flask, client: FlaskClient, mail_server: MailServer, work: Work) -> str:
        make_petition(app, discreet="true")
        sign(client)
        work()
        return link_in(mail_server.letters[0])

    def test_no_letter_names_the_petition(
        self, client: FlaskClient, link: str, mail_server: MailServer, work: Work
    ) -> None:
        show_and_confirm(client, link)
        sign(client)
        work()
        assert len(mail_server.letters) == 3
        for letter in mail_server.letters:
            for telling in ("library", "Library", "petition", "Petition", "sign"):
                assert telling not in letter.as_string().replace("petitions@localhost", "")

    def test_the_page_does_not_name_the_petition_until_its_button_is_pressed(
        self, client: FlaskClient, link: str
    ) -> None:
        page = client.get(link).text
        for telling in ("library", "petition", "signature", "Ann Example"):
            assert telling not in page
        assert "Save the test library" in client.post(link).text
        assert verified(client) == 0

    def test_confirming_leads_back_to_the_token_page(self, client: FlaskClient, link: str) -> None:
        answer = show_and_confirm(client, link)
        assert (answer.status_code, answer.location) == (303, link)
        page = client.get(link).text
        assert "Thank you, it is confirmed" in page
        for telling in ("library", "petition", "signature", "countersign"):
            assert telling not in page.lower().replace('class="petition', "")
        assert verified(client) == 1


def show_and_confirm(client: FlaskClient, link: str) -> TestResponse:
    shown = hidden_fields(client.post(link).text)
    return client.post(link, data={"name": "Ann Example", "country": "SE", "visibility": "delivery", **shown})


def test_the_letter_names_the_day_when_its_link_expires(
    app: Flask, client: FlaskClient, link: str, mail_server: MailServer
) -> None:
    (draft,) = drafts(app)
    assert isinstance(draft.expires_at, datetime)
    told = f"{draft.expires_at:%B} {draft.expires_at.day}, {draft.expires_at.year}"
    assert told in str(mail_server.letters[0].get_body(("plain",)).get_content())  # type: ignore[union-attr]
