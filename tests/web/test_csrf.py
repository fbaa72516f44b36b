"""CSRF protection: our pages and programs may post; other sites' pages only where a token in the path allows it."""

from flask import Flask
from flask.testing import FlaskClient

from app.crypto import tokens
from tests.factories import make_draft, verified, written
from tests.html_page import HtmlPage

OURS = "http://localhost:8000"
FOREIGN = "https://evil.example"
OUR_OWN = [
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "same-origin", "Origin": OURS},
    {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1:8000"},
    {},
    {"Origin": OURS},
]
SOMEBODY_ELSES = [
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": OURS},
    {"Sec-Fetch-Site": "same-site", "Origin": "null"},
    {"Sec-Fetch-Site": "something new"},
    {"Origin": "null"},
    {"Origin": FOREIGN},
    {"Origin": "https://localhost:8000"},
    {"Origin": "http://localhost"},
    {"Origin": "http://localhost:8000.evil.example"},
    {"Origin": FOREIGN, "Host": "evil.example"},
]


def form_of(client: FlaskClient, path: str) -> dict[str, str]:
    answers = {"name": "Ann Example", "country": "SE", "email": "ann@example.org"}
    return HtmlPage(client.get(path).text).answers() | answers


def test_a_post_from_our_own_page_is_accepted(app: Flask, client: FlaskClient, petition: str) -> None:
    path = f"/petitions/{petition}/sign"
    for number, headers in enumerate(OUR_OWN, 1):
        answers = form_of(client, path) | {"email": f"ann{number}@example.org"}
        assert client.post(path, data=answers, headers=headers).status_code == 303, headers
        assert written(app) == (number, number)


def test_a_post_from_another_site_is_refused_and_nothing_stored(app: Flask, client: FlaskClient, petition: str) -> None:
    path = f"/petitions/{petition}/sign"
    for headers in SOMEBODY_ELSES:
        answer = client.post(path, data=form_of(client, path), headers=headers)
        assert answer.status_code == 403, headers
        assert "sent from a page of another site" in answer.text
    assert written(app) == (0, 0)


def test_a_post_is_refused_before_its_body_is_read(client: FlaskClient, petition: str) -> None:
    too_much = {"comment": "x" * 100_000}
    answer = client.post(f"/petitions/{petition}/sign", data=too_much, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_a_token_in_the_path_authorises_a_post_from_any_site(app: Flask, client: FlaskClient, petition: str) -> None:
    for number, headers in enumerate([*SOMEBODY_ELSES, *OUR_OWN]):
        public_id = make_draft(app, email=f"ann{number}@example.org")
        with app.app_context():
            path = f"/confirm/{tokens.make_token(tokens.Purpose.CONFIRM, public_id)}"
        answer = client.post(path, data=form_of(client, path), headers=headers)
        assert answer.status_code == 303, headers
        assert verified(client) == number + 1


def test_links_from_other_sites_open(client: FlaskClient, petition: str) -> None:
    for headers in SOMEBODY_ELSES:
        for path in ("/", f"/petitions/{petition}", f"/petitions/{petition}/sign", f"/petitions/{petition}/count.json"):
            assert client.get(path, headers=headers).status_code == 200
            assert client.head(path, headers=headers).status_code == 200


def test_the_host_header_is_ignored(app: Flask, client: FlaskClient, petition: str) -> None:
    path = f"/petitions/{petition}/sign"
    headers = {"Origin": OURS, "Host": "evil.example"}
    answer = client.post(path, data=form_of(client, path), headers=headers)
    assert answer.status_code == 303
    assert answer.location.startswith(f"/petitions/{petition}/")
