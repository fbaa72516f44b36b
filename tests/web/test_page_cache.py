"""Public pages are kept in memory for a second, whatever a link to them carries; private ones never are."""

import gzip
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING
from urllib.parse import unquote

import brotli
import pytest
import zstandard
from flask import Flask, make_response
from flask.testing import FlaskClient
from sqlalchemy import event

from app.db import db
from app.models import Role
from app.web import headers, page_cache
from app.web.kept_page import KeptPage, best_encoding
from app.web.page_cache import OVERHEAD_BYTES, PageCache, Store
from tests.concurrency.test_races import at_once
from tests.factories import make_signature, press_confirm, sign, verified
from tests.mail_server import MailServer, link_in
from tests.organisers.people import signed_in

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

DECODERS = {
    "br": brotli.decompress,
    "zstd": lambda body: zstandard.ZstdDecompressor().decompress(body),
    "gzip": gzip.decompress,
}


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the monotonic clock's time, which only the test changes."""
    at = [100.0]
    monkeypatch.setattr(page_cache.time, "monotonic", lambda: at[0])
    return at


class Rendered:
    """Stands between cache and app: the addresses that reached the app, and what is done before each."""

    def __init__(self, app: Flask) -> None:
        self.addresses: list[str] = []
        self.first: Callable[[], object] = lambda: None
        self._app = app.wsgi_app

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        self.addresses.append(f"{environ['PATH_INFO']}?{environ['QUERY_STRING']}".rstrip("?"))
        self.first()
        return self._app(environ, start_response)


@pytest.fixture
def rendered(app: Flask) -> Rendered:
    """What reaches the app through the cache."""
    return Rendered(app)


@pytest.fixture
def client(app: Flask, rendered: Rendered, now: list[float]) -> FlaskClient:
    """Return a client of the site behind the cache, as in `wsgi.py`."""
    app.wsgi_app = rendered  # type: ignore[method-assign]
    app.wsgi_app = PageCache(app)  # type: ignore[method-assign]
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


def test_confirming_shows_in_the_count_within_a_second(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Callable[[], int], now: list[float]
) -> None:
    sign(client)
    work()
    assert "Ann Example" not in client.get(f"/petitions/{petition}").text
    press_confirm(client, link_in(mail_server.letters[0]))
    now[0] += 1.0
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


@pytest.mark.parametrize(("header", "value", "status"), [("If-None-Match", "*", 304), ("Range", "bytes=0-1", 200)])
def test_whoever_has_a_page_rendered_or_renewed_has_all_of_it_kept_for_everyone(
    client: FlaskClient, petition: str, rendered: Rendered, now: list[float], header: str, value: str, status: int
) -> None:
    page = f"/petitions/{petition}"
    for _ in ("rendered", "renewed"):
        rendered.addresses.clear()
        first = client.get(page, headers={header: value})
        assert (first.status_code, bool(first.data)) == (status, status == 200)
        kept = client.get(page)
        assert rendered.addresses == [page]
        assert (kept.status_code, kept.headers["ETag"]) == (200, first.headers["ETag"])
        assert kept.text.startswith("<!doctype html>") and kept.text.rstrip().endswith("</html>")
        now[0] += 0.8


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


FROM_ELSEWHERE = (
    "fbclid=IwAR0abc",
    "utm_source=newsletter&utm_medium=email",
    "utm_medium=email&utm_source=newsletter",
    "before=x&&=&a=1&a=2",
    "q=" + "%F0%9F%95%8A" * 600,
    "%FF%FE=%C3",
    ";" * 8000,
    "language=sv",
)


@pytest.mark.parametrize("query", FROM_ELSEWHERE, ids=lambda query: query[:20])
def test_a_link_from_elsewhere_gets_the_page_that_is_kept(
    client: FlaskClient, petition: str, rendered: Rendered, query: str
) -> None:
    kept = client.get(f"/petitions/{petition}")
    rendered.addresses.clear()
    assert client.get(f"/petitions/{petition}?{query}").data == kept.data
    assert client.head(f"/petitions/{petition}?{query}").headers == kept.headers
    assert rendered.addresses == []


def test_a_first_visit_by_such_a_link_makes_the_page_for_everyone(
    client: FlaskClient, petition: str, rendered: Rendered
) -> None:
    rendered.addresses.clear()
    first = client.get(f"/petitions/{petition}/sv?fbclid=abc")
    assert "fbclid" not in first.text
    assert client.get(f"/petitions/{petition}/sv").data == first.data
    assert rendered.addresses == [f"/petitions/{petition}/sv"]


def test_parameters_that_a_page_reads_make_pages_of_their_own_in_any_order(
    client: FlaskClient, petition: str, rendered: Rendered
) -> None:
    plain, found, none = (client.get(path).text for path in ("/", "/?q=library", "/?q=nothing"))
    assert "Save the test library" in plain and "Save the test library" in found
    assert "Save the test library" not in none
    rendered.addresses.clear()
    for path in ("/?utm_source=x&q=library", "/?q=library&q=nothing&fbclid=1", "/?order=&q=library"):
        assert client.get(path).text == found
    assert client.get("/?q=&page=").text == plain
    assert rendered.addresses == []
    assert client.get("/?page=x").status_code == 404


def test_head_has_the_headers_of_the_page_and_no_body(client: FlaskClient, petition: str) -> None:
    first = client.head(f"/petitions/{petition}")
    page = client.get(f"/petitions/{petition}")
    assert first.data == b""
    assert first.headers == page.headers
    assert int(first.headers["Content-Length"]) == len(page.data)
    missing = client.head("/petitions/no-such-petition?fbclid=1")
    assert (missing.status_code, missing.data) == (404, b"")


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip"])
def test_a_page_is_sent_compressed_as_the_reader_takes_it(client: FlaskClient, petition: str, encoding: str) -> None:
    page = f"/petitions/{petition}"
    answer = client.get(page, headers={"Accept-Encoding": encoding})
    assert (answer.headers["Content-Encoding"], answer.headers["Vary"]) == (encoding, "Accept-Encoding")
    assert DECODERS[encoding](answer.data) == client.get(page).data
    assert int(answer.headers["Content-Length"]) == len(answer.data) < len(client.get(page).data) / 2
    etag = answer.headers["ETag"]
    assert client.get(page, headers={"Accept-Encoding": encoding, "If-None-Match": etag}).status_code == 304


@pytest.mark.parametrize(
    ("accepted", "best"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0.1, gzip;q=0.9", "gzip"),
        ("*", "br"),
        ("identity", "identity"),
        ("deflate", "identity"),
        ("gzip;q=0", "identity"),
        ("", "identity"),
        ("\xff;;;q=", "identity"),
    ],
)
def test_the_best_encoding_is_taken(accepted: str, best: str) -> None:
    assert best_encoding(accepted) == best


def test_from_seven_tenths_on_one_reader_renews_a_page_while_others_get_the_last_one(
    app: Flask, client: FlaskClient, petition: str, now: list[float], rendered: Rendered
) -> None:
    page = f"/petitions/{petition}"
    first = client.get(page).headers["X-Request-ID"]
    now[0] += 0.69
    assert client.get(page).headers["X-Request-ID"] == first
    now[0] += 0.02
    began, may_go_on = Event(), Event()

    def hold() -> None:
        began.set()
        assert may_go_on.wait(20)

    rendered.first = hold
    with ThreadPoolExecutor(2) as pool:
        renewing = pool.submit(lambda: app.test_client().get(page).headers["X-Request-ID"])
        assert began.wait(20)
        assert client.get(page).headers["X-Request-ID"] == first
        now[0] += 0.3
        late = pool.submit(lambda: app.test_client().get(page).headers["X-Request-ID"])
        may_go_on.set()
        assert late.result() == renewing.result() != first, "none is sent that is older than a second"


def test_of_eight_first_readers_at_once_one_has_the_page_rendered(
    app: Flask, client: FlaskClient, petition: str, rendered: Rendered
) -> None:
    rendered.addresses.clear()
    answers = at_once(8, lambda which: app.test_client().get(f"/petitions/{petition}?fbclid={which}").data)
    assert len(set(answers)) == 1
    assert len(rendered.addresses) == 1


def test_a_page_that_could_not_be_rendered_is_tried_again(
    client: FlaskClient, petition: str, rendered: Rendered
) -> None:
    def fail() -> None:
        rendered.first = lambda: None
        raise ConnectionError("the database is away")

    rendered.first = fail
    with pytest.raises(ConnectionError):
        client.get(f"/petitions/{petition}")
    assert client.get(f"/petitions/{petition}").status_code == 200


def page_in_no_time(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    start_response("200 OK", [("Cache-Control", "public"), ("ETag", '"one"'), ("Content-Type", "text/html")])
    return [b"a page" * 100]


def test_ten_thousand_made_up_addresses_push_no_page_out_and_are_bounded(
    app: Flask, client: FlaskClient, petition: str, rendered: Rendered, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = app.wsgi_app
    assert isinstance(cache, PageCache)
    kept = client.get(f"/petitions/{petition}").headers["X-Request-ID"]
    monkeypatch.setattr(cache, "_with_query", Store(200_000))
    for which in range(20):
        client.get(f"/made-up/{which}?q={which}")
        client.get(f"/petitions/made-up-{which}")
    with monkeypatch.context() as patched:
        patched.setattr(rendered, "_app", page_in_no_time)
        for which in range(10_000):
            asked = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "QUERY_STRING": f"q={which}"}
            assert cache(asked, lambda status, headers: None)
    assert len(rendered.addresses) > 10_000
    assert client.get(f"/petitions/{petition}").headers["X-Request-ID"] == kept
    held = cache._with_query.pages
    assert sum(len(page._bodies["identity"][1][0]) + 2 * len(address) for address, page in held.items()) <= 200_000
    before = len(held)
    client.get("/?q=" + "x" * 400)
    assert len(cache._with_query.pages) == before, "no long address is kept"
    assert len(cache._plain.pages) == 1
    assert not cache._rendering


def test_a_full_store_lets_go_what_was_rendered_longest_ago() -> None:
    store = Store(10 * OVERHEAD_BYTES)
    for number in range(30):
        headers = [("ETag", f'"{number}"'), ("Content-Type", "text/html")]
        store.put(str(number), KeptPage(number, number + 1, (), headers, bytes(100), "start"))
        assert len(store.pages) < 10
    assert "29" in store.pages and "0" not in store.pages
    store.put("29", KeptPage(30, 31, (), [("ETag", '"x"')], bytes(50), "start"))
    assert store.pages["29"].size == 50


def test_what_organisers_change_shows_at_once(app: Flask, client: FlaskClient, petition: str) -> None:
    kept = client.get("/").headers["X-Request-ID"]
    owner = signed_in(app, role=Role.OWNER)
    assert owner.post(f"/organise/petitions/{petition}/leave").status_code == 303
    assert client.get("/").headers["X-Request-ID"] != kept


def test_pages_with_a_query_of_their_own_that_are_not_public_get_all_of_it(client: FlaskClient, petition: str) -> None:
    answer = client.get("/organise?anything=1")
    assert "anything" in unquote(answer.location)


def test_a_page_that_is_cached_must_declare_what_it_reads(app: Flask) -> None:
    with app.test_request_context("/organise"), pytest.raises(RuntimeError, match="public_page"):
        headers.cacheable(make_response("x"))
