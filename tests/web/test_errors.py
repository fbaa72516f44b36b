"""Error pages: in the site's design, JSON for programs, and without the text of an exception."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy.exc import IntegrityError, OperationalError

from app.crypto import tokens
from app.db import db
from tests.conftest import DATABASES, make_app, on_server
from tests.factories import SLUG, make_draft, sign, written
from tests.html_page import HtmlPage
from tests.mail_server import free_port

PERSONAL = "Ann Nymous ann.nymous@example.org"
TOKEN_OF_NOBODY = bytes(16)


def look(html: str) -> list[str]:
    """Return a page's style sheets, header and footer."""
    page = HtmlPage(html)
    frame = [one.words() for one in (*page.all("a", **{"class": "site-name"}), *page.all("footer"))]
    sheets = [link.get("href") or "" for link in page.all("link", rel="stylesheet")]
    return sheets[:3] + frame  # what a page has of its own comes after them


@pytest.fixture(params=DATABASES)
def without_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """The app whose database cannot be reached: no such folder, or no server on that port."""
    nowhere = f"sqlite:///{tmp_path}/no/such/folder/countersign.db"
    if request.param == "postgresql":
        nowhere = f"postgresql://nobody@127.0.0.1:{free_port()}/gone"
    app = make_app(tmp_path, nowhere)
    app.extensions[tokens.EXTENSION] = lambda: bytes(32)  # read when the site started
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def failing(without_database: Flask) -> Callable[[Exception], FlaskClient]:
    """Return a function that makes a client of an app without a database, whose /fault raises the given error."""

    def make(error: Exception) -> FlaskClient:
        def fault() -> str:
            who = PERSONAL  # local variables must not get out either
            raise error from LookupError(who)

        without_database.add_url_rule("/fault", view_func=fault)
        return without_database.test_client()

    return make


def test_an_unknown_address_gets_the_sites_error_page(client: FlaskClient, petition: str) -> None:
    home = look(client.get("/").text)
    for path in ("/petitions/no-such-petition", "/petitions/No_Such", "/nothing", f"/petitions/{petition}/xx", "/%00"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert look(answer.text) == home
        page = HtmlPage(answer.text)
        assert [heading.words() for heading in page.all("h1")] == ["There is nothing here"]
        assert page.all("meta", name="robots", content="noindex")
    assert client.post("/petitions/no-such-petition/sign", data={"name": "Ann"}).status_code == 404


def test_programs_get_json_that_any_site_may_read(client: FlaskClient, petition: str) -> None:
    for answer in (
        client.get("/petitions/no-such-petition/count.json"),
        client.get("/nothing", headers={"Accept": "application/json"}),
    ):
        assert (answer.status_code, answer.mimetype) == (404, "application/json")
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.json == {
            "error": "There is nothing here",
            "advice": "The address may be mistyped, or the page has moved.",
        }
    assert client.get("/nothing", headers={"Accept": "text/html,*/*;q=0.8"}).mimetype == "text/html"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_method_that_is_not_allowed_is_answered_with_those_that_are(
    client: FlaskClient, petition: str, method: str
) -> None:
    page = client.open(f"/petitions/{petition}", method=method)
    assert page.status_code == 405
    assert set(page.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert "Not like this" in page.text
    count = client.open(f"/petitions/{petition}/count.json", method=method)
    assert (count.status_code, count.mimetype) == (405, "application/json")
    assert set(count.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    if method != "POST":
        form = client.open(f"/petitions/{petition}/sign", method=method)
        assert set(form.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_a_body_over_the_limit_is_refused_and_not_kept(app: Flask, client: FlaskClient, petition: str) -> None:
    too_much = {"name": "Ann", "comment": "x" * 100_000}
    with app.app_context():
        token = tokens.make_token(tokens.Purpose.CONFIRM, make_draft(app))
    before = written(app)
    in_parts = {f"part-{number}": "x" for number in range(app.config["MAX_FORM_PARTS"] + 1)}
    for answer in (
        client.post(f"/petitions/{petition}/sign", data=too_much),
        client.post(f"/petitions/{petition}/sign", data=too_much, content_type="multipart/form-data"),
        client.post(f"/petitions/{petition}/sign", data=in_parts, content_type="multipart/form-data"),
        client.post(f"/confirm/{token}", data=too_much),
    ):
        assert answer.status_code == 413
        assert "That is too much" in answer.text
        assert look(answer.text) == look(client.get("/").text)
    assert written(app) == before


def test_the_longest_allowed_answers_fit_into_the_body_limit(app: Flask, client: FlaskClient, petition: str) -> None:
    wide = "\U0001f4d6"
    assert sign(client, name=wide * 100, affiliation=wide * 200, comment=wide * 1000).status_code == 303
    assert written(app) == (1, 1)


def test_pages_answer_503_while_the_database_is_away(without_database: Flask, caplog: pytest.LogCaptureFixture) -> None:
    client = without_database.test_client()
    with without_database.app_context():
        token = tokens.make_token(tokens.Purpose.CONFIRM, TOKEN_OF_NOBODY)
    petition = f"/petitions/{SLUG}"
    answers = [client.get(path) for path in ("/", petition, f"{petition}/sign", f"{petition}/signed")]
    answers.append(client.post(f"{petition}/sign", data={"name": PERSONAL, "email": "ann@example.org"}))
    answers += [client.get(f"/confirm/{token}"), client.post(f"/confirm/{token}", data={"name": PERSONAL})]
    for answer in answers:
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        page = HtmlPage(answer.text)
        assert [heading.words() for heading in page.all("h1")] == ["We will be right back"]
        assert page.all("header") and page.all("link", rel="stylesheet")
        for inside in ("Traceback", "sqlalchemy", "sqlite", "psycopg", "SELECT", "127.0.0.1", PERSONAL):
            assert inside not in answer.text
    assert "the database is away" in caplog.text
    assert PERSONAL not in caplog.text
    assert "SELECT" not in caplog.text


def test_programs_are_told_in_json_that_the_database_is_away(without_database: Flask) -> None:
    answer = without_database.test_client().get(f"/petitions/{SLUG}/count.json")
    assert (answer.status_code, answer.mimetype) == (503, "application/json")
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.json
    assert answer.json.keys() == {"error", "advice", "request"}
    assert answer.json["request"] == answer.headers["X-Request-ID"]


def test_the_process_is_alive_without_its_database(without_database: Flask) -> None:
    answer = without_database.test_client().get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_pages_that_need_no_data_need_no_database(without_database: Flask) -> None:
    client = without_database.test_client()
    assert client.get("/organise/login").status_code == 200
    assert client.get("/nothing").status_code == 404
    with client.get("/static/css/base.css") as style:
        assert style.status_code == 200


def test_the_site_is_back_as_soon_as_its_database_is(postgres: str, tmp_path: Path) -> None:
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("CREATE DATABASE comes_and_goes")
        app = make_app(tmp_path, on_server(postgres, "comes_and_goes"))
        with app.app_context():
            upgrade()
            db.engine.dispose()
        connection.execute("CREATE DATABASE backup TEMPLATE comes_and_goes")
        client = app.test_client()
        assert client.get("/").status_code == 200
        connection.execute("DROP DATABASE comes_and_goes WITH (FORCE)")
        assert client.get("/").status_code == 503
        connection.execute("ALTER DATABASE backup RENAME TO comes_and_goes")
        assert client.get("/").status_code == 200
        with app.app_context():
            db.engine.dispose()
        connection.execute("DROP DATABASE comes_and_goes WITH (FORCE)")


@pytest.mark.parametrize(
    "error",
    [
        ValueError(PERSONAL),
        KeyError(PERSONAL),
        IntegrityError(f"INSERT INTO signature VALUES ('{PERSONAL}')", {"name": PERSONAL}, Exception(PERSONAL)),
        type("Error", (Exception,), {"__str__": lambda self: PERSONAL, "__repr__": lambda self: PERSONAL})(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_unexpected_error_shows_no_text_of_the_exception(
    failing: Callable[[Exception], FlaskClient],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    error: Exception,
) -> None:
    caplog.set_level(logging.DEBUG)
    client = failing(error)
    answer = client.get("/fault")
    assert answer.status_code == 500
    page = HtmlPage(answer.text)
    assert [heading.words() for heading in page.all("h1")] == ["Something went wrong on our side"]
    assert look(answer.text) == look(client.get("/nothing").text)
    as_json = client.get("/fault", headers={"Accept": "application/json"})
    assert (as_json.status_code, as_json.mimetype) == (500, "application/json")

    logged = caplog.text + "".join(capfd.readouterr())
    assert f"fault in fault: {type(error).__name__} at test_errors.py:" in logged
    for seen in (answer.text, as_json.text, logged):
        for inside in ("Nymous", "nymous", "Traceback"):
            assert inside not in seen


def test_the_log_of_a_database_error_has_no_personal_data(
    failing: Callable[[Exception], FlaskClient], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = failing(OperationalError("UPDATE signature", {"name": PERSONAL}, Exception(PERSONAL))).get("/fault")
    assert answer.status_code == 503
    assert "the database is away: OperationalError" in caplog.text
    assert "nymous" not in (answer.text + caplog.text).lower()
