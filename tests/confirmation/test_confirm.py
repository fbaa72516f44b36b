"""The confirm page and its button: what it shows, what it refuses, and what a link says that cannot confirm."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from app import clock
from app.crypto import tokens
from app.db import transaction
from app.models import Petition, Signature, State, Visibility
from app.models.signer import signer_of
from tests.factories import hidden_fields, make_petition, make_signature, press_confirm, sign, signatures, verified
from tests.mail_server import MailServer, link_in
from tests.races import just_before_writing

pytestmark = pytest.mark.both_databases

Work = Callable[[], int]


def link_of(app: Flask, public_id: bytes) -> str:
    with app.app_context():
        return f"/confirm/{tokens.make_token(tokens.Purpose.CONFIRM, public_id)}"


def change(app: Flask, table: type[Signature] | type[Petition], **values: object) -> None:
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


def test_an_outdated_page_confirms_nothing_and_shows_the_new_answers(
    client: FlaskClient, link: str, mail_server: MailServer
) -> None:
    opened = hidden_fields(client.get(link).text)
    sign(client, name="Somebody Else")
    answers = {"name": "Ann Example", "country": "SE", "visibility": "public", **opened}
    answer = client.post(link, data=answers)
    assert answer.status_code == 409
    assert "Please look once more" in answer.text
    assert "Somebody Else" in answer.text
    assert verified(client) == 0
    assert press_confirm(client, link, name="Ann Example").status_code == 303
    assert verified(client) == 1


def test_a_signature_that_changes_in_between_is_not_confirmed(app: Flask, client: FlaskClient, link: str) -> None:
    with just_before_writing(lambda: sign(app.test_client(), name="Anna Example")):
        answer = press_confirm(client, link, name="Late Example")
    assert answer.status_code == 409
    assert "was changed after you opened the page" in answer.text
    assert "Anna Example" in answer.text
    (signature,) = signatures(app)
    with app.app_context():
        assert signer_of(signature).name == "Anna Example"
    assert signature.state == State.PENDING
    assert verified(client) == 0


def test_a_post_without_a_digest_confirms_nothing(client: FlaskClient, link: str) -> None:
    assert client.post(link, data={"name": "Ann", "country": "SE", "visibility": "public"}).status_code == 200
    assert verified(client) == 0


def test_signing_again_makes_a_second_letter_and_the_first_link_still_works(
    client: FlaskClient, link: str, mail_server: MailServer, work: Work
) -> None:
    sign(client, name="Ann New")
    work()
    second = link_in(mail_server.letters[1])
    assert "Ann New" in client.get(second).text
    assert press_confirm(client, link).status_code == 303
    assert "Already confirmed" in client.get(second).text
    assert verified(client) == 1


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    ("state", "status", "says"),
    [
        (State.VERIFIED, 200, "Already confirmed"),
        (State.WITHDRAWN, 410, "This signature was withdrawn"),
        (State.INVALIDATED, 403, "This signature is not counted"),
        (State.DECLINED, 403, "This signature was declined"),
    ],
)
def test_a_link_to_a_signature_that_is_not_pending_says_why(
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
    change(app, Signature, expires_at=clock.now() - timedelta(seconds=1))
    for answer in (client.get(link), client.post(link, data={"name": "A", "country": "SE", **fields})):
        assert answer.status_code == 410
        assert "This link has expired" in answer.text
    assert verified(client) == 0


def test_signing_again_renews_the_expiry(app: Flask, client: FlaskClient, link: str) -> None:
    change(app, Signature, expires_at=clock.now() - timedelta(days=1))
    sign(client)
    assert press_confirm(client, link).status_code == 303
    assert verified(client) == 1


def test_a_link_to_a_deleted_signature_does_not_open_the_next_one(
    app: Flask, client: FlaskClient, link: str, work: Work
) -> None:
    with app.app_context(), transaction() as session:
        session.execute(Signature.__table__.delete())  # type: ignore[attr-defined]
    sign(client, email="stranger@example.org", name="Stranger Example")
    answer = client.get(link)
    assert answer.status_code == 410
    assert "Stranger" not in answer.text


@pytest.mark.parametrize(
    ("closed_for", "counts"), [(timedelta(hours=23), True), (timedelta(hours=25), False)], ids=["in time", "too late"]
)
def test_after_closing_a_signature_can_be_confirmed_for_24_hours(
    app: Flask, client: FlaskClient, link: str, closed_for: timedelta, counts: bool
) -> None:
    change(app, Signature, expires_at=clock.now() + timedelta(days=7) - closed_for - timedelta(hours=1))
    change(app, Petition, closes_at=clock.now() - closed_for)
    press_confirm(client, link)
    assert verified(client) == int(counts)


def test_a_letter_sent_after_closing_can_be_confirmed_for_24_hours_from_then(
    app: Flask, client: FlaskClient, link: str
) -> None:
    change(app, Petition, closes_at=clock.now() - timedelta(days=3))
    assert press_confirm(client, link).status_code == 303


def test_a_signature_does_not_expire_while_its_letter_waits(app: Flask, client: FlaskClient, petition: str) -> None:
    sign(client)
    (signature,) = signatures(app)
    assert signature.expires_at is None
    assert client.get(link_of(app, signature.public_id)).status_code == 200


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
    (signature,) = signatures(app)
    assert isinstance(signature.expires_at, datetime)
    told = f"{signature.expires_at:%B} {signature.expires_at.day}, {signature.expires_at.year}"
    assert told in str(mail_server.letters[0].get_body(("plain",)).get_content())  # type: ignore[union-attr]
