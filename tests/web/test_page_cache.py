"""Public pages are cached in memory for a second; private ones never are."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from app.db import db
from app.web import page_cache
from app.web.page_cache import PageCache
from tests.factories import make_signature, press_confirm, sign, verified
from tests.mail_server import MailServer, link_in


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the monotonic clock's time, which only the test changes."""
    at = [100.0]
    monkeypatch.setattr(page_cache.time, "monotonic", lambda: at[0])
    return at


@pytest.fixture
def client(app: Flask, now: list[float]) -> FlaskClient:
    """Return a client of the site behind the cache, as in `wsgi.py`."""
    app.wsgi_app = PageCache(app.wsgi_app)  # type: ignore[method-assign]
    return app.test_client()


def test_a_page_is_cached_for_a_second_without_database_queries(
    app: Flask, client: FlaskClient, petition: str, now: list[float]
) -> None:
    first = client.get(f"/petitions/{petition}")
    asked: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda c, cursor, statement, *rest: asked.append(statement))
    again = client.get(f"/petitions/{petition}")
    assert (again.data, again.headers) == (first.data, first.headers)
    assert asked == []
    make_signature(app)
    now[0] += 1.0
    assert b"Ann Example" in client.get(f"/petitions/{petition}").data


def test_confirming_shows_in_the_count_at_once(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Callable[[], int]
) -> None:
    sign(client)
    work()
    assert "Ann Example" not in client.get(f"/petitions/{petition}").text
    assert verified(client) == 0
    press_confirm(client, link_in(mail_server.letters[0]))
    assert "Ann Example" in client.get(f"/petitions/{petition}").text
    assert verified(client) == 1


def test_count_json_is_cached_for_a_second_too(
    app: Flask, client: FlaskClient, petition: str, now: list[float]
) -> None:
    assert verified(client) == 0
    make_signature(app)
    assert verified(client) == 0
    now[0] += 1.0
    assert verified(client) == 1


def test_a_matching_etag_is_answered_with_304(client: FlaskClient, petition: str) -> None:
    etag = client.get(f"/petitions/{petition}").headers["ETag"]
    for have in (etag, f'"other", {etag}', f"W/{etag}"):
        answer = client.get(f"/petitions/{petition}", headers={"If-None-Match": have})
        assert (answer.status_code, answer.data) == (304, b"")
        assert answer.headers["ETag"] == etag
    assert client.get(f"/petitions/{petition}", headers={"If-None-Match": '"other"'}).status_code == 200


def test_private_pages_are_not_cached(client: FlaskClient, petition: str) -> None:
    for name in ("ann", "bob"):
        answer = sign(client, email=f"{name}@example.org")
        assert f"{name}@example.org" in client.get(answer.location).text
    assert client.get(f"/petitions/{petition}/sign?language=sv").text != client.get(f"/petitions/{petition}/sign").text
    assert client.get("/nowhere").status_code == 404


def test_a_refused_post_does_not_clear_the_cache(client: FlaskClient, petition: str) -> None:
    kept = client.get("/").headers["X-Request-ID"]
    assert client.post("/nonsense").status_code == 404
    assert client.post("/", headers={"Sec-Fetch-Site": "cross-site"}).status_code in {403, 405}
    assert client.get("/").headers["X-Request-ID"] == kept
