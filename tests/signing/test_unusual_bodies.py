"""Request bodies that no browser sends: invalid UTF-8, files, JSON, a field twice."""

from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.models.signer import signer_of
from tests.factories import drafts, written
from tests.html_page import HtmlPage

UNREADABLE = "Some of this could not be read. Please type it again."
ANN = {
    "name": "Ann Example",
    "affiliation": "Reader",
    "country": "SE",
    "email": "ann@example.org",
    "comment": "I read.",
}


@pytest.fixture
def path(petition: str) -> str:
    """The path that the petition's form is sent to."""
    return f"/petitions/{petition}/sign"


def filled_in(client: FlaskClient, path: str) -> dict[str, str]:
    return HtmlPage(client.get(path).text).answers() | ANN


@pytest.mark.parametrize("field", ["name", "affiliation", "comment"])
def test_invalid_utf_8_is_refused_at_its_field(app: Flask, client: FlaskClient, path: str, field: str) -> None:
    answers = filled_in(client, path)
    good = "&".join(f"{name}={value.replace(' ', '+')}" for name, value in answers.items() if name != field)
    for bad in (b"J%F6rg", b"J\xf6rg", b"%FF%FE", b"J%C3", b"%ED%A0%80"):
        sent = f"{good}&{field}=".encode() + bad
        answer = client.post(path, data=sent, content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 422
        page = HtmlPage(answer.text)
        assert page.errors() == {field: UNREADABLE}
        kept = page.answers()
        assert "\ufffd" in kept.pop(field)
        assert kept == {name: value for name, value in answers.items() if name != field}
    assert written(app) == (0, 0)


def test_invalid_utf_8_is_refused_in_multipart_forms_too(app: Flask, client: FlaskClient, path: str) -> None:
    parts = {name: value.encode() for name, value in filled_in(client, path).items()} | {"name": b"J\xf6rg"}
    body = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value)
        for name, value in parts.items()
    )
    answer = client.post(path, data=body + b"--x--\r\n", content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 422
    assert HtmlPage(answer.text).errors() == {"name": UNREADABLE}
    assert written(app) == (0, 0)


def test_a_multipart_form_is_accepted(app: Flask, client: FlaskClient, path: str) -> None:
    answer = client.post(path, data=filled_in(client, path), content_type="multipart/form-data")
    assert answer.status_code == 303
    assert written(app) == (1, 1)


def test_files_and_json_are_not_accepted_as_answers(app: Flask, client: FlaskClient, path: str) -> None:
    file = {"name": (BytesIO(b"Ann"), "name.txt"), "email": "ann@example.org"}
    json = (b"[1]", b"{", b'{"name": 5}', b'{"name": {"first": "Ann"}}', b'{"name": "\\ud800"}', b"\xff")
    for answer in (
        client.post(path, data=file, content_type="multipart/form-data"),
        client.post(path, data=b"--x", content_type="multipart/form-data"),
        client.post(path, data=b"--x\r\n\xff", content_type="multipart/form-data; boundary=x"),
        client.post(path, data=b"Ann", content_type="text/plain"),
        *(client.post(path, data=body, content_type="application/json") for body in json),
    ):
        assert answer.status_code == 422
        assert HtmlPage(answer.text).errors()["name"] == "Please tell us your name."
    assert written(app) == (0, 0)


def test_of_a_field_that_comes_twice_the_first_counts(app: Flask, client: FlaskClient, path: str) -> None:
    answer = client.post(path, data={**filled_in(client, path), "name": ["Ann Example", "Bob Example"]})
    assert answer.status_code == 303
    (draft,) = drafts(app)
    with app.app_context():
        assert signer_of(draft).name == "Ann Example"


@pytest.mark.parametrize("query", [b"language=\xc3", b"language=sv&x=\xff", b"\xed\xa0\x80", "language=é".encode()])
def test_an_undecodable_query_string_causes_no_error(app: Flask, petition: str, query: bytes) -> None:
    client = app.test_client()
    for path in (f"/petitions/{petition}/sign", f"/petitions/{petition}/my-signature", "/organise/account"):
        answer = client.get(path, environ_overrides={"QUERY_STRING": query.decode("latin-1")})
        assert answer.status_code in {200, 302}
