"""Invitations say who invites, to what and as what; joining by passkey is done once the passkey is there."""

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from sqlalchemy import select

from app.db import db
from app.models import Organiser, Role
from tests.auth.authenticator import Authenticator
from tests.auth.test_second_factor import add
from tests.factories import SLUG, hidden_fields, make_petition
from tests.organisers.people import OWNER, browser, letters_to_organisers, make_organiser, organiser, signed_in
from tests.organisers.test_joining import NEW, PLACE, WITH_PASSWORD, newest_link

NAME = "/organise/account/name"
# Latin, with a title and a typographer's apostrophe; Devanagari with its marks; Cyrillic; Arabic.
NAMES = ("Ann Example", "Dr. Ann O\u2019Example-Test", "Ann E.", "\u0905\u0928\u094d\u0928", "Анна", "محمد")
NO_NAMES = (
    *("evil.example", "Win at evil.com now", "http:Ann", "Ann@example.org", "Call 0123", "<b>Ann</b>", "a\nb"),
    "x" * 61,
)


@pytest.fixture
def olga(app: Flask, petition: str) -> FlaskClient:
    """An owner with a name of her own."""
    client = signed_in(app, role=Role.OWNER)
    assert client.post(NAME, data={"name": "Olga Example"}).status_code == 303
    return client


def invite(client: FlaskClient, email: str = NEW, role: str = "editor") -> None:
    assert client.post(f"{PLACE}/members", data={"email": email, "role": role}).status_code == 303


def test_a_name_is_shown_to_others_and_sealed(app: Flask, olga: FlaskClient) -> None:
    assert 'value="Olga Example"' in olga.get("/organise/account").text
    ada = signed_in(app, "ada@example.org", role=Role.OWNER)
    assert "Olga Example" in ada.get(f"{PLACE}/members").text
    with app.app_context():
        row = db.session.scalars(select(Organiser).where(Organiser.id == organiser(app, OWNER).id)).one()
        assert row.sealed_name and b"Olga" not in row.sealed_name
    olga.post(NAME, data={"name": ""})
    assert "Olga Example" not in ada.get(f"{PLACE}/members").text


@pytest.mark.parametrize("name", NAMES)
def test_names_of_all_scripts_are_taken(app: Flask, name: str) -> None:
    client = signed_in(app)
    assert client.post(NAME, data={"name": name}).status_code == 303
    assert f'value="{name}"' in client.get("/organise/account").text


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("\u200bOlga\u202e  Exam\x0cple\ufeff", "Olga Exam ple"),
        ("\u200fמשה\u200e", "משה"),
        ("نرگس\u200cبانو", "نرگس\u200cبانو"),
    ],
)
def test_what_cannot_be_seen_is_taken_out_of_a_name(app: Flask, typed: str, name: str) -> None:
    client = signed_in(app)
    assert client.post(NAME, data={"name": typed}).status_code == 303
    assert f'value="{name}"' in client.get("/organise/account").text


@pytest.mark.parametrize("name", NO_NAMES)
def test_nothing_that_a_mail_program_would_make_a_link_of_is_a_name(app: Flask, name: str) -> None:
    client = signed_in(app)
    answer = client.post(NAME, data={"name": name})
    assert answer.status_code == 422
    assert "Please look at this again" in answer.text
    assert 'name="name" type="text" value=""' in client.get("/organise/account").text


@pytest.mark.parametrize("has_account", [False, True])
def test_the_letter_says_who_invites_to_what_and_as_what(app: Flask, olga: FlaskClient, has_account: bool) -> None:
    if has_account:
        make_organiser(app, NEW)
    invite(olga)
    letter = letters_to_organisers(app)[-1]
    assert f"Olga Example ({OWNER}), an organiser of the site" in letter
    assert "invites you to work on this petition as editor:" in letter
    assert "Save the test library" in letter


def test_without_a_name_it_is_the_address_and_a_draft_is_not_named(app: Flask) -> None:
    make_petition(app)
    owner = signed_in(app, role=Role.OWNER)
    owner.post("/organise/petitions/new", data={"title": "Buy this", "language": "en", "slug": "draft"})
    owner.post("/organise/petitions/draft/members", data={"email": NEW, "role": "viewer"})
    letter = letters_to_organisers(app)[-1]
    assert f"{OWNER}, an organiser of the site" in letter
    assert "invites you to work on a petition as viewer." in letter
    assert "Buy this" not in letter


def test_administrators_invitations_and_those_by_command_say_so(app: Flask, runner: FlaskCliRunner) -> None:
    ada = signed_in(app, "ada@example.org", administrator=True)
    ada.post("/organise/people", data={"email": NEW})
    assert "ada@example.org, an administrator of the site" in letters_to_organisers(app)[-1]
    runner.invoke(args=["organiser", "invite", "bo@example.org"])
    assert "you are invited to be an organiser on the site" in letters_to_organisers(app)[-1]


def test_the_page_behind_the_link_says_it_too(app: Flask, olga: FlaskClient) -> None:
    invite(olga, role="viewer")
    page = browser(app).get(newest_link(app)).text
    for words in ("Save the test library", "As viewer you would see its numbers.", f"Olga Example ({OWNER})"):
        assert words in page
    bo = signed_in(app, "bo@example.org")
    invite(olga, "bo@example.org")
    assert f"Olga Example ({OWNER})" in bo.get("/organise").text


@pytest.mark.both_databases
def test_who_leaves_before_making_the_passkey_comes_back_by_the_link(app: Flask, olga: FlaskClient) -> None:
    invite(olga)
    link = newest_link(app)
    half_way = browser(app)
    assert half_way.post(link).location == "/organise/wan-register"
    page = half_way.get("/organise/wan-register").text
    assert "Nearly done" in page and "ready" not in page
    again = browser(app)
    assert again.get(link).status_code == 200
    assert again.post(link).location == "/organise/wan-register"
    again.environ_base["HTTP_X_CSRFTOKEN"] = hidden_fields(again.get("/organise/wan-register").text)["csrf_token"]
    add(again, Authenticator(app.config["BASE_URL"]))
    assert SLUG in again.get("/organise").text
    assert half_way.get(link).status_code == browser(app).get(link).status_code == 410, "there is a passkey now"
    assert browser(app).post(link, data=WITH_PASSWORD).status_code == 410


def test_a_password_can_be_chosen_instead_after_all(app: Flask, olga: FlaskClient) -> None:
    invite(olga)
    link = newest_link(app)
    browser(app).post(link)
    client = browser(app)
    assert client.post(link, data=WITH_PASSWORD).location == "/organise"
    assert "Welcome! Your account is ready." in client.get("/organise").text
    assert browser(app).get(link).status_code == 410
