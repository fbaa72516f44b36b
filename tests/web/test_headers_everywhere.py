"""Property tests of headers: every answer has the security headers; private pages are never cached."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask, abort
from flask_migrate import upgrade
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.exceptions import default_exceptions
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

import config
from app import create_app
from app.db import db
from app.mailbox.views import LETTER_POLICY
from app.web.page_cache import PageCache
from app.web.session import is_for_organisers
from tests.conftest import SECRETS
from tests.factories import SLUG, make_petition
from tests.web.addresses import fill

FOR_ALL = "https://petitions.example.org"
HERE = "http://localhost:8000"
FORBIDDEN = ("unsafe-inline", "unsafe-eval", "unsafe-hashes", "*", "data:", "http:", "https:")
SECRET = {"token", "reference"}
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "SIGN"]


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Flask]]:
    """The site as `wsgi.py` makes it, with a certificate and without."""
    made: dict[str, Flask] = {}
    for base_url in (FOR_ALL, HERE):
        folder = tmp_path_factory.mktemp("site")
        env = {**SECRETS, "DATABASE_URL": f"sqlite:///{folder}/test.db", "BASE_URL": base_url, "MAIL_SERVER": "x"}
        app = made[base_url] = create_app(config.load(env, instance=folder))
        with app.app_context():
            upgrade()
        make_petition(app)
        app.add_url_rule("/fails/<int:code>", view_func=fails, endpoint="fails")
        app.wsgi_app = PageCache(app)  # type: ignore[method-assign]
    yield made
    for app in made.values():
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def fails(code: int) -> str:
    """Raise the exception for an HTTP status."""
    if code in default_exceptions:
        abort(code)
    raise LookupError(code)


def rules() -> list[Rule]:
    """Return the rules of every page."""
    env = {**SECRETS, "DATABASE_URL": "sqlite:////nowhere/none.db", "MAIL_SERVER": "x"}
    return list(create_app(config.load(env, instance=Path("/nowhere"))).url_map.iter_rules())


RULES = rules()
PATHS = st.builds(
    fill,
    st.sampled_from(RULES),
    st.fixed_dictionaries(
        {
            "slug": st.sampled_from([SLUG, SLUG, "nothing"]),
            "lang": st.sampled_from(["en", "sv", "xx"]),
            "token": st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
            "filename": st.sampled_from(["css/base.css", "favicon.svg", "../app/db.py", "nothing"]),
            "code": st.sampled_from(["200", "500"]),
        }
    ),
)
ODD_PATHS = st.one_of(
    st.sampled_from(["/", "//", "/%00", "/%ff", "/petitions//sign", "/.", "/organise/", f"/petitions/{SLUG}/"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20).map(lambda text: f"/{text.lstrip('/')}"),
    st.sampled_from(sorted(default_exceptions)).map(lambda code: f"/fails/{code}"),
    st.just("/fails/1"),
)


def query(rule: Rule) -> str:
    """Return the query that a page needs to show anything."""
    return f"?url={HERE}/petitions/{SLUG}" if rule.rule == "/oembed" else ""


def policy_of(answer: TestResponse) -> dict[str, str]:
    """Return the Content-Security-Policy by directive."""
    parts = (part.strip() for part in answer.headers["Content-Security-Policy"].split(";"))
    return {name: value for name, _, value in (part.partition(" ") for part in parts)}


def check(answer: TestResponse, base_url: str) -> None:
    """Fail unless the answer has the security headers; the counter alone may be framed."""
    headers = answer.headers
    for name in {name for name, _ in headers} - {"Set-Cookie", "Vary"}:
        assert len(headers.getlist(name)) == 1, name
    policy = policy_of(answer)
    assert policy["default-src"] == "'none'"
    assert policy["base-uri"] == "'none'"
    is_counter = answer.status_code in {200, 304} and answer.request.path.startswith(f"/petitions/{SLUG}/embed")
    is_read = answer.request.method in {"GET", "HEAD"}
    assert policy.pop("frame-ancestors") == ("*" if is_counter and is_read else "'none'")
    assert not [word for value in policy.values() for word in value.split() if word in FORBIDDEN]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    for_all = headers.get("Access-Control-Allow-Origin") == "*"
    assert headers["Cross-Origin-Resource-Policy"] == ("cross-origin" if for_all else "same-origin")
    assert "camera=()" in headers["Permissions-Policy"]
    assert ("Strict-Transport-Security" in headers) is (base_url == FOR_ALL)
    assert "Cache-Control" in headers
    assert len(headers["X-Request-ID"]) == 12
    assert "Server" not in headers and "X-Powered-By" not in headers


@pytest.mark.slow
@pytest.mark.parametrize("base_url", [FOR_ALL, HERE])
@settings(max_examples=400, database=None)
@given(
    path=st.one_of(PATHS, PATHS, ODD_PATHS),
    method=st.sampled_from(METHODS),
    accept=st.sampled_from(["text/html", "application/json", "*/*", "", ";;q=x"]),
    host=st.sampled_from(["localhost", "evil.example", "[::1]:1", "a b", "", "ex%61mple", "localhost:x"]),
    etag=st.sampled_from(["", "*", '"x"']),
    body=st.sampled_from([b"", b"a=b", b"x" * 70_000]),
)
def test_every_answer_has_the_security_headers(
    sites: dict[str, Flask], base_url: str, path: str, method: str, accept: str, host: str, etag: str, body: bytes
) -> None:
    client = sites[base_url].test_client(use_cookies=False)
    headers = {"Accept": accept, "Host": host, "If-None-Match": etag}
    kind = "application/x-www-form-urlencoded"
    with client.open(path, method=method, headers=headers, data=body, content_type=kind) as answer:
        check(answer, base_url)
        if not is_for_organisers(answer.request.path):
            assert "Set-Cookie" not in answer.headers


def test_private_pages_are_not_cached(sites: dict[str, Flask]) -> None:
    own = [rule for rule in RULES if SECRET & rule.arguments or is_for_organisers(rule.rule)]
    assert own
    for rule in own:
        client = sites[HERE].test_client()
        for method in sorted({*(rule.methods or ()), "DELETE"}):
            answer = client.open(fill(rule, {"slug": SLUG, "lang": "en", "answer": "accept"}), method=method)
            assert answer.headers["Cache-Control"] == "no-store", (method, rule.rule)
            assert "ETag" not in answer.headers, (method, rule.rule)


def test_errors_redirects_and_static_files_have_the_security_headers(sites: dict[str, Flask]) -> None:
    app = sites[HERE]
    client = app.test_client()
    page = f"/petitions/{SLUG}"
    form = f"{page}/sign"
    too_much = b"name=" + b"x" * 70_000
    kind = "application/x-www-form-urlencoded"
    found: list[tuple[int, Callable[[], TestResponse]]] = [
        (200, lambda: client.get(page)),
        (200, lambda: client.get(page)),
        (304, lambda: client.get(page, headers={"If-None-Match": client.get(page).headers["ETag"]})),
        (304, lambda: client.get(form, headers={"If-None-Match": client.get(form).headers["ETag"]})),
        (404, lambda: client.get("/nothing")),
        (405, lambda: client.delete(page)),
        (403, lambda: client.post(form, headers={"Sec-Fetch-Site": "cross-site"})),
        (413, lambda: client.post(form, data=too_much, content_type=kind)),
        (422, lambda: client.post(form, data=b"\xff", content_type="multipart/form-data")),
        (500, lambda: client.get("/fails/1")),
        (200, lambda: client.open(page, method="OPTIONS")),
        (200, lambda: client.get("/static/css/base.css")),
        (404, lambda: client.get("/static/nothing")),
        (206, lambda: client.get("/static/css/base.css", headers={"Range": "bytes=0-9"})),
        (416, lambda: client.get("/static/css/base.css", headers={"Range": "bytes=999999-"})),
        (308, lambda: client.get("/petitions//sign")),
    ]
    for status, ask in found:
        with ask() as answer:
            assert answer.status_code == status, answer.request.path
            check(answer, HERE)


@pytest.mark.parametrize("base_url", [FOR_ALL, HERE])
def test_an_organisers_cookie_has_the_host_prefix_and_http_only(sites: dict[str, Flask], base_url: str) -> None:
    client = sites[base_url].test_client()
    set_by = [client.get(path, base_url=base_url) for path in ("/organise/login", "/organise/reset")]
    cookies = [cookie for answer in set_by for cookie in answer.headers.getlist("Set-Cookie")]
    assert cookies
    for cookie in cookies:
        name, *attributes = (part.strip() for part in cookie.split(";"))
        by_name = {attribute.partition("=")[0].lower(): attribute.partition("=")[2] for attribute in attributes}
        assert "httponly" in by_name
        assert (by_name["samesite"], by_name["path"]) == ("Lax", "/")
        assert "domain" not in by_name
        assert ("secure" in by_name) is (base_url == FOR_ALL)
        assert name.startswith("__Host-") is (base_url == FOR_ALL)


def test_only_count_oembed_and_pictures_may_be_loaded_by_other_sites(sites: dict[str, Flask]) -> None:
    client = sites[HERE].test_client()
    open_to_all = {
        rule.rule
        for rule in RULES
        if "GET" in (rule.methods or ())
        and client.get(fill(rule, {"slug": SLUG, "lang": "en"}) + query(rule)).headers["Cross-Origin-Resource-Policy"]
        == "cross-origin"
    }
    of_a_petition = {name.removeprefix("/petitions/<slug:slug>/") for name in open_to_all}
    pictures = {f"{name}{language}" for name in ("card", "badge", "qr") for language in ("", ".<language:lang>")}
    assert of_a_petition == {
        "count.json",
        "/oembed",
        *(f"{name}.png" if name.startswith("card") else f"{name}.svg" for name in pictures),
    }
    assert "unsafe-inline" in LETTER_POLICY and "script" not in LETTER_POLICY
