"""What people type, and programs cut out of texts, leads to the one address of a page."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories import SLUG, make_petition

PAGE = f"/petitions/{SLUG}"
LEADS = [
    (f"{PAGE}/", PAGE),
    (f"{PAGE}.", PAGE),
    (f"{PAGE}).", PAGE),
    (f"{PAGE}>", PAGE),
    (f"{PAGE}%E2%80%9D,", PAGE),
    ("/Petitions/Save-The-Test-Library", PAGE),
    (f"{PAGE.upper()}/", PAGE),
    (f"{PAGE}/?utm_source=a&x=%2F", f"{PAGE}?utm_source=a&x=%2F"),
    (f"{PAGE}/sv/", f"{PAGE}/sv"),
    ("/petitions", "/"),
    ("/petitions/", "/"),
    ("/SV", "/sv"),
    ("/organise/", "/organise"),
    ("/confirm/AbC/", "/confirm/AbC"),
    ("/Confirm/AbC", "/confirm/AbC"),
    (f"/organise/petitions/{SLUG.upper()}/members", f"/organise/petitions/{SLUG}/members"),
]


@pytest.mark.parametrize(("typed", "tidy"), LEADS)
def test_it_leads_to_the_tidy_address(client: FlaskClient, petition: str, typed: str, tidy: str) -> None:
    answer = client.get(typed)
    assert (answer.status_code, answer.location) == (308, tidy)
    assert client.head(typed).status_code == 308


@pytest.mark.parametrize("path", ["/nothing/", "/petitions/a--b/", "/petitions/%00/", "/%2F%2Fevil"])
def test_what_no_page_was_meant_by_is_not_found(client: FlaskClient, petition: str, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.location is None


def test_it_never_leads_to_another_site(client: FlaskClient, petition: str) -> None:
    for path in ("//evil.example/petitions/", "/\\evil.example/", "//evil.example/", "/%5Cevil.example."):
        location = client.get(path).location
        assert location is None or (location.startswith("/") and not location.startswith(("//", "/\\")))


def test_a_form_that_is_sent_to_an_untidy_address_is_not_sent_on(client: FlaskClient, petition: str) -> None:
    assert client.post(f"{PAGE}/sign/").status_code == 404


def test_an_unknown_petition_is_not_found_after_all(app: Flask, client: FlaskClient) -> None:
    make_petition(app)
    led = client.get("/petitions/Another/")
    assert led.status_code == 308
    assert client.get(led.location).status_code == 404
