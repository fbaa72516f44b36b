"""Signing in: does not reveal who has an account, needs a CSRF token, and sessions end in time."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

import config
from app import clock, create_app
from app.auth import sessions
from app.db import db
from app.models import Organiser, Role, SignIn
from app.organisers import members
from app.web.csrf import SAFE_METHODS
from app.web.session import is_for_organisers
from tests.conftest import SECRETS
from tests.factories import SLUG, sign
from tests.organisers.people import (
    OWNER,
    PASSWORD,
    browser,
    letters_to_organisers,
    make_organiser,
    organiser,
    signed_in,
)
from tests.signing.test_sign import statements
from tests.structure.test_who_may_do_what import example_values

pytestmark = pytest.mark.both_databases

LOGIN = "/organise/login"
RESET = "/organise/reset"


def sign_in(client: FlaskClient, email: str = OWNER, password: str = PASSWORD, path: str = LOGIN) -> TestResponse:
    return client.post(path, data={"email": email, "password": password})


def without_tokens(answer: TestResponse) -> tuple[int, str, list[str]]:
    """Return the answer's status, its text without random tokens, and its headers' names."""
    text = re.sub(r'name="csrf_token" value="[^"]*"', "", answer.text)
    return answer.status_code, text, sorted(answer.headers.keys())


def is_in(client: FlaskClient) -> bool:
    return client.get("/organise/account").status_code == 200


def test_the_right_password_leads_to_the_home_page(app: Flask) -> None:
    make_organiser(app, password=PASSWORD)
    client = browser(app)
    assert sign_in(client).location == "/organise"
    assert "My petitions" in client.get("/organise").text


@pytest.mark.parametrize("email", ["stranger@example.org", "invited@example.org", "passkey@example.org", OWNER])
def test_a_failed_sign_in_does_not_reveal_whether_the_address_has_an_account(app: Flask, email: str) -> None:
    make_organiser(app, password=PASSWORD)
    make_organiser(app, "passkey@example.org")
    app.test_cli_runner().invoke(args=["organiser", "invite", "invited@example.org"])
    known = without_tokens(sign_in(browser(app), OWNER, "a wrong password"))
    answer = without_tokens(sign_in(browser(app), email, "a wrong password"))
    assert answer == (known[0], known[1].replace(OWNER, email), known[2])
    assert "do not belong together" in answer[1]


@pytest.mark.parametrize("email", ["stranger@example.org", "invited@example.org", "passkey@example.org"])
def test_a_password_reset_does_not_reveal_whether_the_address_has_an_account(app: Flask, email: str) -> None:
    make_organiser(app, password=PASSWORD)
    make_organiser(app, "passkey@example.org")
    app.test_cli_runner().invoke(args=["organiser", "invite", "invited@example.org"])
    known = without_tokens(browser(app).post(RESET, data={"email": OWNER}, follow_redirects=True))
    answer = without_tokens(browser(app).post(RESET, data={"email": email}, follow_redirects=True))
    assert answer == (known[0], known[1].replace(OWNER, email), known[2])
    reset_letters = [letter for letter in letters_to_organisers(app) if "Set a new password" in letter]
    assert len(reset_letters) == (2 if email == "passkey@example.org" else 1)


def test_a_password_reset_runs_the_same_statements_for_any_address(app: Flask) -> None:
    make_organiser(app, password=PASSWORD)
    make_organiser(app, "passkey@example.org")
    found = []
    for email in (OWNER, "passkey@example.org", "stranger@example.org"):
        client = browser(app)
        with statements(app) as seen:
            client.post(RESET, data={"email": email})
        found.append(seen)
    assert any("INSERT INTO outbox" in statement for statement in found[0])
    assert found[0] == found[1] == found[2]


def test_every_post_without_csrf_token_is_refused(app: Flask, petition: str) -> None:
    client = signed_in(app, role=Role.OWNER, administrator=True)
    client.environ_base.pop("HTTP_X_CSRFTOKEN")
    values = example_values(app)
    addresses = app.url_map.bind("localhost")
    tried = 0
    for rule in (one for one in app.url_map.iter_rules() if is_for_organisers(one.rule)):
        for method in (rule.methods or set()) - SAFE_METHODS:
            path = addresses.build(rule.endpoint, {name: values[name] for name in rule.arguments}, method)
            for data in ({}, {"csrf_token": "made up"}):
                assert client.open(path, method=method, data=data).status_code in {400, 403}, path
            tried += 1
    assert tried > 20
    assert is_in(client)


def test_the_csrf_token_of_another_session_is_refused(app: Flask) -> None:
    make_organiser(app, password=PASSWORD)
    client, other = browser(app), browser(app)
    client.environ_base["HTTP_X_CSRFTOKEN"] = other.environ_base["HTTP_X_CSRFTOKEN"]
    assert sign_in(client).status_code == 400


@pytest.fixture
def public(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The app with an https BASE_URL."""
    env = {**SECRETS, "DATABASE_URL": database_url, "BASE_URL": "https://petitions.example.org", "MAIL_SERVER": "x"}
    app = create_app(config.load(env, instance=tmp_path))
    yield app
    with app.app_context():
        db.engine.dispose()


def test_the_cookie_has_the_host_prefix_and_http_only(public: Flask) -> None:
    answer = public.test_client().get(LOGIN, base_url="https://petitions.example.org")
    name, _, flags = answer.headers["Set-Cookie"].partition("=")
    assert name == "__Host-organiser"
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= {flag.strip() for flag in flags.split(";")}
    assert "Domain" not in flags


def test_without_https_the_cookie_works_on_localhost(app: Flask) -> None:
    cookie = app.test_client().get(LOGIN).headers["Set-Cookie"]
    assert cookie.startswith("organiser=")
    assert "Secure" not in cookie


def test_public_pages_neither_read_nor_set_the_cookie(app: Flask, petition: str) -> None:
    client = signed_in(app, role=Role.OWNER)
    nobody = app.test_client()
    for path in ("/", f"/petitions/{SLUG}", f"/petitions/{SLUG}/count.json", f"/petitions/{SLUG}/signed", "/nothing"):
        answer = client.get(path)
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" not in answer.headers.get("Vary", "")
        assert answer.data == nobody.get(path).data
    assert "Set-Cookie" not in sign(client).headers


def test_signing_out_everywhere_ends_every_session(app: Flask) -> None:
    here, there = signed_in(app), signed_in(app)
    assert here.post("/organise/account/sign-out-everywhere").status_code == 303
    assert not is_in(here)
    assert not is_in(there)


def test_a_copy_of_the_cookie_does_not_work_after_signing_out(app: Flask) -> None:
    here, thief = signed_in(app), app.test_client()
    cookie = here.get_cookie("organiser")
    assert cookie
    thief.set_cookie("organiser", cookie.value)
    assert is_in(thief)
    here.post("/organise/logout")
    assert not is_in(thief)


def test_a_session_ends_after_twelve_hours_even_if_used(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    make_organiser(app, password=PASSWORD)
    client = browser(app)
    sign_in(client)
    begun = clock.now()
    for hours in (5, 11):
        monkeypatch.setattr(clock, "now", lambda hours=hours: begun + timedelta(hours=hours))
        assert client.post("/organise/account/language", data={"language": "sv"}).status_code == 303
    monkeypatch.setattr(clock, "now", lambda: begun + timedelta(hours=12, minutes=1))
    assert not is_in(client)
    with app.app_context():
        sessions.forget_ended(clock.now())
        assert db.session.scalars(select(SignIn)).all() == []


def test_signing_out_ends_this_session_only(app: Flask) -> None:
    here, there = signed_in(app), signed_in(app)
    here.post("/organise/logout")
    assert not is_in(here)
    assert is_in(there)


def ask_for_a_new_password(app: Flask, host: str = "localhost") -> str:
    known = browser(app)
    cookie = known.get_cookie("organiser")
    assert cookie
    headers = {
        "Host": host,
        "Cookie": f"organiser={cookie.value}",
        "X-CSRFToken": known.environ_base["HTTP_X_CSRFTOKEN"],
    }
    assert app.test_client(use_cookies=False).post(RESET, data={"email": OWNER}, headers=headers).status_code == 303
    found = re.search(r"https?://\S+/organise/reset/\S+", letters_to_organisers(app)[-1])
    assert found
    return found[0]


def test_a_password_reset_ends_every_session_and_its_link_works_once(app: Flask) -> None:
    make_organiser(app, password=PASSWORD)
    before = signed_in(app)
    link = ask_for_a_new_password(app)
    path = "/" + link.split("/", 3)[3]
    new = {"password": "ein ganz neues Kennwort", "password_confirm": "ein ganz neues Kennwort"}
    client = browser(app)
    assert "Set a new password" in client.get(path).text
    assert client.post(path, data=new).location == LOGIN
    assert not is_in(before)
    assert "Your password was changed" in letters_to_organisers(app)[-1]
    assert client.post(path, data=new).location == RESET
    assert sign_in(client).status_code == 200
    assert sign_in(client, password=new["password"]).location == "/organise"


def test_the_reset_link_ignores_the_host_header(app: Flask) -> None:
    make_organiser(app, password=PASSWORD)
    link = ask_for_a_new_password(app, host="evil.example")
    assert link.startswith(app.config["BASE_URL"])
    assert "evil" not in letters_to_organisers(app)[-1]


def test_changing_the_password_ends_the_other_sessions(app: Flask) -> None:
    make_organiser(app, password=PASSWORD)
    here, there = signed_in(app), signed_in(app)
    new = "ein ganz neues Kennwort"
    answer = here.post(
        "/organise/change", data={"password": PASSWORD, "new_password": new, "new_password_confirm": new}
    )
    assert answer.location == "/organise/account"
    assert is_in(here)
    assert not is_in(there)


def test_a_password_works_in_every_unicode_normal_form(app: Flask) -> None:
    app.test_cli_runner().invoke(args=["organiser", "invite", OWNER])
    found = re.search(r"/organise/invitation/\S+", letters_to_organisers(app)[-1])
    assert found
    browser(app).post(found[0], data={"way": "password", "password": "un été à la française"})
    assert sign_in(browser(app), password="un e\u0301te\u0301 a\u0300 la franc\u0327aise").location == "/organise"


def test_a_fresh_sign_in_leads_back_to_the_page(app: Flask, petition: str) -> None:
    make_organiser(app, password=PASSWORD)
    page = f"/organise/petitions/{SLUG}/members"
    client = signed_in(app, role=Role.OWNER, minutes_ago=16)
    asked = client.get(page)
    assert asked.location == f"/organise/verify?next={page}"
    assert "Is it still you?" in client.get(asked.location).text
    assert "This is not your password" in client.post(asked.location, data={"password": "wrong"}).text
    assert client.post(asked.location, data={"password": PASSWORD}).location == page
    assert client.get(page).status_code == 200


def test_a_form_sent_without_fresh_sign_in_leads_back_to_its_page(app: Flask, petition: str) -> None:
    page = f"/organise/petitions/{SLUG}/members"
    client = signed_in(app, role=Role.OWNER, minutes_ago=21)
    answer = client.post(page, data={"email": "x@example.org"}, headers={"Referer": f"http://localhost{page}"})
    assert answer.location == f"/organise/verify?next={page}"
    assert not letters_to_organisers(app)


def test_a_form_opened_in_time_may_be_sent_a_little_later(app: Flask, petition: str) -> None:
    page = f"/organise/petitions/{SLUG}/members"
    client = signed_in(app, role=Role.OWNER, minutes_ago=19)
    assert client.post(page, data={"email": "x@example.org", "role": "viewer"}).location == page


def test_using_pages_does_not_renew_the_sign_in(app: Flask, petition: str, monkeypatch: pytest.MonkeyPatch) -> None:
    page = f"/organise/petitions/{SLUG}/members"
    client = signed_in(app, role=Role.OWNER, minutes_ago=14)
    assert client.get(page).status_code == 200
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 120)
    later = datetime.fromtimestamp(now + 120, UTC).replace(tzinfo=None)
    monkeypatch.setattr("flask_security.utils.naive_utcnow", lambda: later)
    assert client.get(page).location == f"/organise/verify?next={page}"


def test_an_invalid_referrer_is_not_an_error(app: Flask, petition: str) -> None:
    client = signed_in(app, role=Role.OWNER, minutes_ago=30)
    answer = client.post(f"/organise/petitions/{SLUG}/members", headers={"Referer": "http://[x"})
    assert answer.location == "/organise/verify?next=/organise"


@pytest.mark.parametrize("minutes", [0, 14])
def test_a_recent_sign_in_is_fresh_enough(app: Flask, petition: str, minutes: int) -> None:
    client = signed_in(app, role=Role.OWNER, minutes_ago=minutes)
    assert client.get(f"/organise/petitions/{SLUG}/members").status_code == 200


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "///evil.example", "/\\evil.example"])
@pytest.mark.parametrize("place", ["query", "form"])
def test_signing_in_never_redirects_to_another_site(app: Flask, elsewhere: str, place: str) -> None:
    make_organiser(app, password=PASSWORD)
    client = browser(app)
    data = {"email": OWNER, "password": PASSWORD} | ({"next": elsewhere} if place == "form" else {})
    answer = client.post(LOGIN, data=data, query_string={"next": elsewhere} if place == "query" else {})
    assert re.match(r"/(?![/\\])", answer.headers.get("Location", "/"))


def test_signing_in_leads_to_the_requested_page(app: Flask) -> None:
    make_organiser(app, password=PASSWORD)
    client = browser(app)
    asked = client.get("/organise/account")
    assert asked.location == "/organise/login?next=/organise/account"
    assert sign_in(client, path=asked.location).location == "/organise/account"


def test_an_ended_account_loses_its_sessions_and_links_at_once(app: Flask) -> None:
    make_organiser(app, password=PASSWORD)
    client = signed_in(app)
    link = ask_for_a_new_password(app)
    path = "/" + link.split("/", 3)[3]
    person = organiser(app)
    with app.app_context():
        members.end_account(person.id, person)
    assert not is_in(client)
    new = {"password": "ein ganz neues Kennwort", "password_confirm": "ein ganz neues Kennwort"}
    assert browser(app).post(path, data=new).location == RESET
    assert sign_in(browser(app)).status_code == 200


def test_a_session_cookie_expires_after_twelve_hours(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in(app)
    assert is_in(client)
    later = time.time() + 13 * 60 * 60
    monkeypatch.setattr(time, "time", lambda: later)
    assert not is_in(client)


def test_programs_get_html_and_no_auth_token(app: Flask) -> None:
    make_organiser(app, password=PASSWORD)
    client = browser(app)
    answer = client.post(f"{LOGIN}?include_auth_token", json={"email": OWNER, "password": PASSWORD})
    assert answer.status_code == 415
    assert "auth_token" not in answer.get_data(as_text=True)


def test_posted_json_is_refused(app: Flask) -> None:
    client = browser(app)
    for path in (LOGIN, "/organise/reset", "/organise/reset/altered"):
        for body in (b'"\\ud800"', b"[]", b"{"):
            assert client.get(path, data=body, content_type="application/json").status_code == 415


def test_an_auth_token_of_flask_security_does_not_sign_in(app: Flask) -> None:
    organiser_id = make_organiser(app)
    with app.test_request_context("/organise"):
        token = db.session.get_one(Organiser, organiser_id).get_auth_token()
    client = app.test_client()
    for path in ("/organise", "/organise/account", "/organise/change", "/organise/tf-setup"):
        assert client.get(path, headers={"Authentication-Token": str(token)}).status_code == 302, path


def test_an_account_without_password_is_not_asked_for_one(app: Flask) -> None:
    client = signed_in(app, minutes_ago=20)
    page = client.get("/organise/verify")
    assert "You have neither a password nor a passkey yet." in page.text
    answer = client.post("/organise/verify", data={"password": "x"})
    assert answer.status_code == 200
    assert client.get("/organise/account/end").status_code == 302


@pytest.mark.parametrize("password", ["x" * 5000, "\ufdfa" * 3000])
def test_a_too_long_password_is_refused_and_not_hashed(app: Flask, password: str) -> None:
    assert browser(app).post(LOGIN, data={"email": OWNER, "password": password}).status_code == 413


def test_a_field_without_a_name_is_no_fault(app: Flask) -> None:
    body = b"--x\r\nContent-Disposition: form-data\r\n\r\nwords\r\n--x--\r\n"
    for path in (LOGIN, "/organise/reset"):
        answer = browser(app).open(path, method="HEAD", data=body, content_type="multipart/form-data; boundary=x")
        assert answer.status_code < 500
