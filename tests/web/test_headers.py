"""Headers: security headers on every answer, what caches may keep, and no cookie for visitors."""

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.http import parse_cache_control_header
from werkzeug.test import TestResponse

import config
from app import create_app
from app.crypto.tokens import Purpose, make_token
from app.models import State
from tests.conftest import SECRETS
from tests.factories import make_draft, make_petition, make_signature, press_confirm, sign
from tests.html_page import HtmlPage

SHARED = (
    "/",
    "/petitions/save-the-test-library",
    "/petitions/save-the-test-library/en",
    "/petitions/save-the-test-library/sign",
    "/petitions/save-the-test-library/count.json",
    "/petitions/save-the-test-library/share",
    "/petitions/save-the-test-library/poster",
    "/petitions/save-the-test-library/card.png",
    "/petitions/save-the-test-library/badge.svg",
    "/petitions/save-the-test-library/qr.svg",
)


def link(app: Flask, purpose: Purpose, public_id: bytes) -> str:
    page = {Purpose.CONFIRM: "confirm", Purpose.NOT_ME: "not-me", Purpose.ENTRY: "signature"}[purpose]
    with app.app_context():
        return f"/{page}/{make_token(purpose, public_id)}"


@pytest.fixture
def private(app: Flask, client: FlaskClient, petition: str) -> list[TestResponse]:
    """Answers that are for one person alone, from each step of signing."""
    discreet = make_petition(app, slug='"quietly"', discreet="true")
    draft = link(app, Purpose.CONFIRM, make_draft(app, email="draft@example.org"))
    hidden = link(app, Purpose.CONFIRM, make_draft(app, discreet))
    refused = make_draft(app, email="refused@example.org")
    not_me = link(app, Purpose.NOT_ME, refused)
    in_state = {state: make_signature(app, state=state, email=f"{state}@example.org") for state in State}
    entry = link(app, Purpose.ENTRY, in_state[State.VERIFIED])
    signed = sign(client)
    return [
        signed,
        client.get(signed.location),
        sign(client, email=""),
        sign(client, notice_version="0"),
        client.get(draft),
        client.post(draft),
        press_confirm(client, draft, name=""),
        press_confirm(client, draft),
        client.get(not_me),
        client.post(not_me),
        *(client.get(link(app, Purpose.CONFIRM, public_id)) for public_id in (refused, *in_state.values())),
        client.get(entry),
        client.post(entry, data={"act": "correct", "digest": "stale"}),
        client.get("/confirm/altered"),
        client.get(hidden),
        client.post(hidden),
        client.get(f"/petitions/{petition}/signed"),
    ]


@pytest.fixture
def refusals(client: FlaskClient, petition: str) -> list[TestResponse]:
    """Error answers."""
    form = f"/petitions/{petition}/sign"
    return [
        client.get("/nothing"),
        client.get("/petitions/nothing/count.json"),
        client.delete("/"),
        client.post(form, headers={"Sec-Fetch-Site": "cross-site"}),
        client.post(form, data={"comment": "x" * 100_000}),
        client.get("/dev/mailbox"),
    ]


def all_shared(client: FlaskClient) -> list[TestResponse]:
    return [client.get(path) for path in (*SHARED, "/healthz")]


def test_every_answer_has_a_policy_against_content_of_other_sites(
    client: FlaskClient, private: list[TestResponse], refusals: list[TestResponse]
) -> None:
    with client.get("/static/css/base.css") as style:
        answers = [style, *all_shared(client), *private, *refusals]
    for answer in answers:
        policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
        assert policy.pop("default-src") == "'none'"
        assert {policy.pop(name) for name in ("base-uri", "frame-ancestors")} == {"'none'"}
        assert set(policy) >= {"style-src", "form-action"}
        assert set(policy.values()) == {"'self'"}, answer.request.path
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"


def test_pages_hold_nothing_that_the_policy_forbids(client: FlaskClient, private: list[TestResponse]) -> None:
    for answer in [client.get("/"), client.get("/petitions/save-the-test-library"), *private]:
        for one in HtmlPage(answer.text).elements:
            assert one.tag != "style"
            assert not [name for name in one.attributes if name == "style" or name.startswith("on")], one
            if one.tag in {"img", "script", "iframe", "form", "source"} or one.get("rel") in {"stylesheet", "icon"}:
                for name in ("src", "href", "action"):
                    assert (one.get(name) or "/").startswith("/"), "pages ask no other site for anything"
                    assert not (one.get(name) or "/").startswith("//")


def test_private_pages_and_errors_are_not_cached(private: list[TestResponse], refusals: list[TestResponse]) -> None:
    assert {answer.status_code for answer in private} == {200, 303, 403, 404, 409, 410, 422}
    for answer in [*private, *refusals]:
        assert answer.headers["Cache-Control"] == "no-store", answer.request.path
        assert "ETag" not in answer.headers


@pytest.mark.parametrize("path", SHARED)
def test_public_pages_may_be_cached_briefly(app: Flask, client: FlaskClient, petition: str, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.cache_control.public
    for_browsers = parse_cache_control_header(answer.headers["Cache-Control"])
    assert for_browsers.max_age in {0, 1}
    assert for_browsers["s-maxage"] == "1"
    assert "stale-while-revalidate" not in for_browsers  # browsers obey it too, and would show an old count
    for_the_next = parse_cache_control_header(answer.headers["CDN-Cache-Control"])
    assert int(for_the_next["max-age"] or 0) + int(for_the_next["stale-while-revalidate"] or 0) < 10
    assert "Cookie" not in answer.headers.get("Vary", "")
    tag = answer.headers["ETag"]
    again = client.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert (again.headers["ETag"], again.headers["Cache-Control"]) == (tag, answer.headers["Cache-Control"])
    head = client.head(path)
    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", tag)


@pytest.mark.parametrize(
    "path", ["/", "/petitions/save-the-test-library", "/petitions/save-the-test-library/count.json"]
)
def test_the_etag_changes_with_the_count(app: Flask, client: FlaskClient, petition: str, path: str) -> None:
    before = client.get(path)
    assert before.cache_control.max_age in {0, 1}
    make_signature(app)
    after = client.get(path, headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert after.headers["ETag"] != before.headers["ETag"]


def test_everyone_gets_the_same_bytes(client: FlaskClient, petition: str) -> None:
    different = {
        "Accept-Language": "sv",
        "Cookie": "session=1; x=y",
        "User-Agent": "Other/1.0",
        "Host": "127.0.0.1:8000",
    }
    for path in SHARED:
        plain, other = client.get(path), client.get(path, headers=different)
        assert (plain.data, plain.headers["ETag"]) == (other.data, other.headers["ETag"]), path


def test_the_count_may_be_read_by_every_site(client: FlaskClient, petition: str) -> None:
    answer = client.get(f"/petitions/{petition}/count.json", headers={"Origin": "https://other.example"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    page = client.get(f"/petitions/{petition}", headers={"Origin": "https://other.example"})
    assert "Access-Control-Allow-Origin" not in page.headers


def test_nobody_gets_a_cookie(client: FlaskClient, private: list[TestResponse], refusals: list[TestResponse]) -> None:
    for answer in [*all_shared(client), *private, *refusals]:
        assert "Set-Cookie" not in answer.headers, answer.request.path


@pytest.mark.parametrize(
    ("base_url", "hsts"),
    [("https://petitions.example.org", True), ("https://localhost:8443", True), ("http://localhost:8000", False)],
)
def test_hsts_is_sent_only_by_a_site_with_https(tmp_path: Path, base_url: str, hsts: bool) -> None:
    env = {**SECRETS, "DATABASE_URL": f"sqlite:///{tmp_path}/none.db", "BASE_URL": base_url, "MAIL_SERVER": "127.0.0.1"}
    client = create_app(config.load(env, instance=tmp_path)).test_client()
    for answer in (client.get("/healthz"), client.get("/organise/login"), client.get("/nothing")):
        promised = answer.headers.get("Strict-Transport-Security", "")
        assert bool(promised) is hsts
        if hsts:
            assert int(promised.partition(";")[0].removeprefix("max-age=")) >= 31_536_000
