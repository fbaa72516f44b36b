"""Owners and administrators are asked to add a passkey or second step, and must where REQUIRE_SECOND_STEP says so."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.models import Role
from tests.auth.authenticator import Authenticator
from tests.auth.test_second_factor import add, set_up_codes
from tests.auth.test_signing_in import LOGIN
from tests.factories import SLUG
from tests.organisers.people import PASSWORD, make_organiser, organiser, signed_in
from tests.organisers.test_joining import ask

pytestmark = pytest.mark.both_databases

ASKS = "let more than a password open your account"
MUST = "Before you go on, please add a passkey"
ACCOUNT = "/organise/account"
OTHERS = ("/organise", "/organise/people", f"/organise/petitions/{SLUG}/members", "/organise/nowhere")


@pytest.fixture
def strict(app: Flask) -> Flask:
    """The site with REQUIRE_SECOND_STEP on."""
    app.config["REQUIRE_SECOND_STEP"] = True
    return app


def member(app: Flask, who: str) -> FlaskClient:
    """Return a client signed in as an administrator or as a member with a role."""
    make_organiser(app, password=PASSWORD)
    return signed_in(app, administrator=who == "administrator", role=None if who == "administrator" else Role(who))


def add_passkey(client: FlaskClient) -> None:
    add(client, Authenticator(client.application.config["BASE_URL"]))


@pytest.mark.parametrize("who", ["owner", "administrator"])
def test_the_home_page_asks_owners_and_administrators_and_lets_them_go_on(app: Flask, petition: str, who: str) -> None:
    client = member(app, who)
    home = client.get("/organise").text
    assert ASKS in home
    assert f'href="{ACCOUNT}"' in home
    assert client.get(f"/organise/petitions/{SLUG}/members").status_code == 200
    assert MUST not in client.get(ACCOUNT).text


@pytest.mark.parametrize("who", ["viewer", "editor"])
def test_it_does_not_ask_others(app: Flask, petition: str, who: str) -> None:
    assert ASKS not in member(app, who).get("/organise").text


@pytest.mark.parametrize("how", [add_passkey, set_up_codes])
@pytest.mark.parametrize("who", ["owner", "administrator"])
def test_it_stops_asking_once_there_is_one(strict: Flask, petition: str, who: str, how: object) -> None:
    client = member(strict, who)
    assert callable(how)
    how(client)
    assert ASKS not in client.get("/organise").text
    assert MUST not in client.get(ACCOUNT).text


@pytest.mark.parametrize("who", ["owner", "administrator"])
def test_where_it_is_required_every_other_page_leads_to_the_account(strict: Flask, petition: str, who: str) -> None:
    client = member(strict, who)
    for path in OTHERS:
        for answer in (client.get(path), client.post(path)):
            assert (answer.status_code, answer.location) == (303, ACCOUNT), path
    assert client.get(f"/organise/petitions/{SLUG}/signatures.csv").location == ACCOUNT
    assert MUST in client.get(ACCOUNT).text
    for path in ("wan-register", "tf-setup", "mf-recovery-codes", "change", "verify", "account/end"):
        assert client.get(f"/organise/{path}").status_code == 200, path
    assert client.post(f"{ACCOUNT}/language", data={"language": "en"}).location == ACCOUNT
    assert client.post("/organise/logout").location == LOGIN


@pytest.mark.parametrize("who", ["viewer", "editor"])
def test_where_it_is_required_others_go_on(strict: Flask, petition: str, who: str) -> None:
    client = member(strict, who)
    assert client.get("/organise").status_code == 200
    assert MUST not in client.get(ACCOUNT).text


def test_where_it_is_required_whoever_gave_it_up_is_led_back(strict: Flask, petition: str) -> None:
    client = member(strict, "owner")
    set_up_codes(client)
    assert client.get("/organise").status_code == 200
    client.post("/organise/tf-setup", data={"setup": "disable"})
    assert client.get("/organise").location == ACCOUNT


def test_an_invited_owner_is_asked_once_they_accept(app: Flask, petition: str) -> None:
    make_organiser(app, "new@example.org")
    ask(app, "new@example.org", role="owner")
    app.config["REQUIRE_SECOND_STEP"] = True
    client = signed_in(app, "new@example.org")
    assert ASKS not in client.get("/organise").text
    assert client.post(f"/organise/petitions/{SLUG}/accept").location == "/organise"
    assert client.get("/organise").location == ACCOUNT
    assert not organiser(app, "new@example.org").is_administrator
