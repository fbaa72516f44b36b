"""The access log: one line for each request, with the id that its answer has, and nothing that was sent."""

import itertools
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import logs
from app.crypto import tokens
from app.models import Role
from app.signing import email_reference
from app.signing.sign import FormIds
from app.web.request_log import ResponseAborted
from app.worker import Loop
from tests.factories import SLUG, make_draft, make_signature, sign
from tests.log import Log, caught
from tests.organisers.people import browser, signed_in
from tests.web.addresses import fill

PERSONAL = "Zorblax Quuxley"
SENT = {"name": PERSONAL, "email": "wibble@example.org", "comment": "Xyzzyplugh", "password": "Frobnicate"}
HEADERS = {
    "User-Agent": "Quuxley/1.0",
    "Referer": "https://example.org/quuxley",
    "X-Forwarded-For": "203.0.113.77",
    "X-Request-ID": "quuxley-1234",
    "Accept-Language": "quuxley",
}
TELLING = ("zorblax", "quuxley", "wibble", "xyzzyplugh", "frobnicat", "203.0.113", "198.51.100", "example.org")


@pytest.fixture
def log() -> Iterator[Log]:
    """All lines of the log, of every level."""
    with caught(logging.DEBUG) as log:
        yield log


@pytest.fixture
def values(app: Flask, petition: str) -> dict[str, list[str]]:
    """Values for the arguments of routes: some that exist, and some with personal data."""
    draft = make_draft(app, name=PERSONAL, email=SENT["email"])
    verified = make_signature(app, name=PERSONAL, email=f"2{SENT['email']}")
    with app.app_context():
        found = {
            "slug": [SLUG],
            "lang": ["en"],
            "token": [
                tokens.make_token(tokens.Purpose.CONFIRM, draft),
                tokens.make_token(tokens.Purpose.ENTRY, verified),
                f"{PERSONAL} {SENT['email']}",
            ],
            "reference": [email_reference.make_reference(SLUG, "en", SENT["email"], FormIds.new())],
        }
    return found | {"number": ["1"], "width": ["480"], "filename": ["css/base.css"], "kind": ["csv"]}


def addresses(app: Flask, values: dict[str, list[str]]) -> Iterator[tuple[str, str, str]]:
    """Yield method, path and pattern of requests for every page."""
    for rule in app.url_map.iter_rules():
        name = next(
            (text for text in sorted(rule.arguments, key="token".__ne__) if text not in {"slug", "lang"}), "slug"
        )
        for value in values.get(name, [PERSONAL]):
            path = fill(rule, {text: values.get(text, [PERSONAL])[0] for text in rule.arguments} | {name: value})
            for method in sorted({*(rule.methods or ()), "DELETE", "ZORBLAX"}):
                yield method, path, rule.rule


def test_each_request_logs_one_line_without_personal_data(app: Flask, log: Log, values: dict[str, list[str]]) -> None:
    clients = [browser(app), signed_in(app, f"3{SENT['email']}", Role.OWNER)]
    held = ""
    for (method, path, pattern), client in itertools.product(addresses(app, values), clients):
        log.seek(0), log.truncate()
        with client.open(
            path,
            method=method,
            query_string={"q": PERSONAL, "next": f"/{SENT['email']}"},
            data=SENT if method == "POST" else None,
            headers=HEADERS,
            environ_base={"REMOTE_ADDR": "198.51.100.7"},
        ) as answer:
            assert answer.status_code < 500, (method, path)
            size = len(answer.data)
        (line,) = (text for text in log.lines() if text.get("message") == "answered")
        assert answer.headers.getlist("X-Request-ID") == [line["id"]]
        assert (line["status"], line["bytes"]) == (answer.status_code, size)
        assert line["route"] in {pattern, "unknown"}
        assert line["method"] == ("another" if method == "ZORBLAX" else method)
        held += log.getvalue().lower()
    forbidden = [*TELLING, *(text.lower() for name in ("token", "reference") for text in values[name])]
    assert not [text for text in forbidden if text in held]


def test_the_line_has_the_route_and_not_the_path(app: Flask, log: Log, petition: str) -> None:
    with app.app_context():
        token = tokens.make_token(tokens.Purpose.CONFIRM, make_draft(app))
    answer = app.test_client().get(f"/confirm/{token}", buffered=True)
    (line,) = log.lines()
    assert line.pop("at").startswith("20")
    assert line.pop("ms") >= 0
    assert line == {
        "level": "info",
        "logger": "app.web.request_log",
        "id": answer.headers["X-Request-ID"],
        "message": "answered",
        "method": "GET",
        "route": "/confirm/<token>",
        "status": 200,
        "bytes": len(answer.data),
    }


def test_an_address_without_a_route_is_logged_as_unknown(client: FlaskClient, log: Log) -> None:
    for path in ("/ann@example.org", "/petitions/Ann%20Example", "/%00", "//example.org/ann-example"):
        client.get(path, buffered=True)
    assert {line["route"] for line in log.lines()} == {"unknown"}


def test_every_request_has_a_new_id_and_one_in_its_headers_is_ignored(client: FlaskClient) -> None:
    numbers = {client.get("/healthz", headers={"X-Request-ID": "mine"}).headers["X-Request-ID"] for _ in range(50)}
    assert len(numbers) == 50
    assert {len(number) for number in numbers} == {12}


def fails(app: Flask, fail: Callable[[], Any]) -> FlaskClient:
    app.add_url_rule("/fails", view_func=fail, endpoint="fails")
    return app.test_client()


def test_an_unexpected_error_shows_the_id_of_its_log_lines_and_not_its_text(own_app: Flask, log: Log) -> None:
    def fail() -> str:
        raise ValueError(PERSONAL)

    client = fails(own_app, fail)
    answer = client.get("/fails", buffered=True)
    number = answer.headers["X-Request-ID"]
    assert f"Tell the organisers this number: {number}" in answer.text
    as_json = client.get("/fails", headers={"Accept": "application/json"}, buffered=True)
    assert as_json.json
    assert as_json.json["request"] == as_json.headers["X-Request-ID"]
    fault, answered = (line for line in log.lines() if line["id"] == number)
    assert fault["message"].startswith("fault in fails: ValueError at test_request_log.py:")
    assert (answered["status"], answered["route"]) == (500, "/fails")
    assert not [text for text in TELLING if text in log.getvalue().lower()]


def test_an_error_of_the_client_shows_no_id(client: FlaskClient) -> None:
    for path in ("/nothing", "/confirm/altered"):
        answer = client.get(path)
        assert answer.headers["X-Request-ID"] not in answer.text


def test_an_error_during_the_body_is_logged_and_replaced(own_app: Flask, log: Log) -> None:
    def half() -> Iterator[str]:
        yield "half"
        raise LookupError(PERSONAL)

    with pytest.raises(ResponseAborted) as raised:
        fails(own_app, lambda: own_app.response_class(half())).get("/fails", buffered=True)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__
    assert not raised.value.args
    broken, answered = log.lines()
    assert broken["message"].startswith("broken off: LookupError at test_request_log.py:")
    assert (answered["bytes"], answered["id"]) == (4, broken["id"])
    assert "quuxley" not in log.getvalue().lower()


def test_an_error_outside_of_flask_is_logged_too(app: Flask, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: object) -> None:
        raise LookupError(PERSONAL)

    monkeypatch.setattr(app, "request_class", fail)
    with pytest.raises(ResponseAborted):
        app.test_client().get("/")
    broken, answered = log.lines()
    assert broken["id"] == answered["id"] != ""
    assert (answered["route"], answered["status"]) == ("unknown", 500)
    assert "quuxley" not in log.getvalue().lower()


def test_log_lines_of_libraries_lose_their_arguments_and_error_texts(app: Flask, log: Log) -> None:
    def fail() -> None:
        raise ValueError(PERSONAL) from LookupError(PERSONAL)

    try:
        fail()
    except ValueError:
        app.logger.exception("Exception on %s", f"/confirm/{PERSONAL}")
        logging.getLogger("sqlalchemy.pool").warning("parameters %s", [PERSONAL], exc_info=True, stack_info=True)
        logging.getLogger("mail.log").info(f"envelope of {PERSONAL}")  # noqa: G004 - as libraries do
    first, second, third = log.lines()
    assert first["error"].startswith("ValueError at test_request_log.py:")
    assert second["place"].startswith("test_request_log.py:")
    assert (third["level"], third["logger"]) == ("info", "mail.log")
    assert "quuxley" not in log.getvalue().lower()


def test_a_line_stays_one_line(log: Log) -> None:
    logging.getLogger("app.test").warning("one\ntwo\u2028three %s", 'with "quotes"')
    (line,) = log.lines()
    assert line["message"] == 'one\ntwo\u2028three with "quotes"'
    assert len(log.getvalue().splitlines()) == 1


def test_the_log_lines_of_one_turn_of_the_worker_share_an_id(app: Flask, log: Log) -> None:
    def fail() -> int:
        logging.getLogger("app.test").warning("on the way")
        raise ValueError(PERSONAL)

    with app.app_context():
        loop = Loop(fail, stop=logging.threading.Event())  # type: ignore[attr-defined]
        loop.turn()
        loop.turn()
    numbers = [line["id"] for line in log.lines()]
    assert len(numbers) == 6
    assert len(set(numbers[:3])) == len(set(numbers[3:])) == 1
    assert numbers[0] != numbers[3]
    assert "quuxley" not in log.getvalue().lower()


@pytest.mark.parametrize("level", [logging.INFO, logging.WARNING])
def test_logging_is_set_up_once_and_only_without_other_handlers(level: int, monkeypatch: pytest.MonkeyPatch) -> None:
    root, ours = logging.getLogger(), logging.getLogger("app")
    before = root.handlers[:], root.level, ours.level
    try:
        root.handlers.clear()
        logs.init(level)
        logs.init(level)
        assert [type(handler.formatter) for handler in root.handlers] == [logs.JsonFormatter]
        assert logging.getLogger("app.web.request_log").getEffectiveLevel() == level
        for library in ("werkzeug", "sqlalchemy.engine", "alembic", "mail.log", "limits", "flask_security"):
            assert not logging.getLogger(library).isEnabledFor(logging.INFO)
    finally:
        root.handlers[:] = before[0]
        root.setLevel(before[1])
        ours.setLevel(before[2])


def test_signing_leaves_no_trace_of_the_signer(client: FlaskClient, log: Log, petition: str) -> None:
    answer = sign(client, name=PERSONAL, email=SENT["email"], comment=SENT["comment"])
    client.get(answer.location, buffered=True)
    held = log.getvalue().lower()
    assert not [text for text in TELLING if text in held]
    assert answer.location.rpartition("/")[2].lower() not in held
