"""The petition's page: the same bytes for everyone, in every interface language."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.web.language import INTERFACE_LANGUAGES, text_direction
from tests.factories import SLUG, make_petition, make_signature
from tests.html_page import HtmlPage


@pytest.mark.parametrize(
    "path",
    [f"/petitions/{SLUG}", f"/petitions/{SLUG}/en", f"/petitions/{SLUG}/sign", f"/petitions/{SLUG}/signatures", "/"],
)
def test_two_visitors_get_the_same_bytes_and_no_cookie(app: Flask, petition: str, path: str) -> None:
    make_signature(app)
    one, other = app.test_client(), app.test_client()
    other.set_cookie("session", "something-old")
    first = one.get(path)
    second = other.get(
        path,
        headers={"Accept-Language": "sv,ru;q=0.5", "User-Agent": "Another/1.0", "X-Forwarded-For": "192.0.2.7"},
    )
    assert first.status_code == second.status_code == 200
    assert first.data == second.data
    for answer in (first, second):
        assert "Set-Cookie" not in answer.headers
        assert "Vary" not in answer.headers
        assert answer.headers["Cache-Control"].startswith("public, max-age=")
    assert first.headers["ETag"] == second.headers["ETag"]


def test_a_matching_etag_gets_a_304_until_the_count_changes(app: Flask, client: FlaskClient, petition: str) -> None:
    first = client.get(f"/petitions/{petition}")
    known = {"If-None-Match": first.headers["ETag"]}
    again = client.get(f"/petitions/{petition}", headers=known)
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert "Set-Cookie" not in again.headers
    make_signature(app)
    moved = client.get(f"/petitions/{petition}", headers=known)
    assert moved.status_code == 200
    assert moved.headers["ETag"] != first.headers["ETag"]


def test_head_answers_like_get_without_a_body(client: FlaskClient, petition: str) -> None:
    full, head = client.get(f"/petitions/{petition}"), client.head(f"/petitions/{petition}")
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["ETag"] == full.headers["ETag"]


def test_an_unknown_petition_or_language_is_not_found(client: FlaskClient, petition: str) -> None:
    for path in (
        *("no-such-petition", "no-such-petition/en", "no-such-petition/sign", f"{SLUG}--x", "%00"),
        *(f"{SLUG}/{language}" for language in ("fo", "xx", "zz-ZZ", "english", "en_US", "en-GB")),
    ):
        answer = client.get(f"/petitions/{path}")
        assert answer.status_code == 404, path
        assert "There is nothing here" in answer.text and "Countersign" in answer.text
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("own", "way", "title"), [("fo", "ltr", "Bjargið bókasavnið"), ("yi", "rtl", "ראַטעװעט")])
def test_text_in_another_language_has_a_lang_attribute(
    app: Flask, client: FlaskClient, own: str, way: str, title: str
) -> None:
    make_petition(app, "# Words", language=f'"{own}"', title=f'"{title}"')
    for path, interface in (
        ("", "en"),
        (f"/{own}", "en"),
        *((f"/{language}", language) for language in INTERFACE_LANGUAGES),
    ):
        page = HtmlPage(client.get(f"/petitions/{SLUG}{path}").text)
        (root,) = page.all("html")
        assert (root.get("lang"), root.get("dir")) == (interface, text_direction(interface))
        marked = [*page.all("h1"), *page.all("div", **{"class": "prose"}), *page.all("blockquote")]
        assert [(one.get("lang"), one.get("dir")) for one in marked] == [(own, way)] * 3
    assert "This petition is not translated." in client.get(f"/petitions/{SLUG}/en").text
    assert "This petition is not translated." not in client.get(f"/petitions/{SLUG}/{own}").text
    assert client.get(f"/petitions/{SLUG}/xx").status_code == 404


@pytest.mark.parametrize("language", sorted({*INTERFACE_LANGUAGES} - {"en"}))
def test_every_interface_language_has_a_page_of_its_own(client: FlaskClient, petition: str, language: str) -> None:
    page = HtmlPage(client.get(f"/petitions/{petition}/{language}").text)
    (root,), (heading,) = page.all("html"), page.all("h1")
    assert root.get("lang") == language
    assert (heading.get("lang"), heading.words()) == ("en", "Save the test library")
    assert page.by_id("language").get("value") == language
    assert not {"Support now", "Why this petition matters", "Your name"} & {one.words() for one in page.elements}


def test_text_in_the_pages_language_has_no_lang_attribute(client: FlaskClient, petition: str) -> None:
    bare, named = client.get(f"/petitions/{petition}"), client.get(f"/petitions/{petition}/en")
    assert bare.data == named.data
    assert "not translated" not in bare.text


def test_every_language_of_a_page_has_a_canonical_link(client: FlaskClient, petition: str) -> None:
    for path in ("", "/en"):
        page = HtmlPage(client.get(f"/petitions/{petition}{path}", headers={"Host": "evil.example"}).text)
        (link,) = page.all("link", rel="canonical")
        assert link.get("href") == f"http://localhost:8000/petitions/{petition}"


def test_the_start_page_lists_open_petitions_newest_first_with_current_titles(app: Flask, client: FlaskClient) -> None:
    assert "There is no open petition at the moment" in client.get("/").text
    for number in range(3):
        make_petition(app, slug=f'"petition-{number}"', title=f'"Petition {number}"')
    make_petition(app, slug='"closed"', title='"Closed"', closes_on="2020-01-01")
    make_petition(app, slug='"petition-1"', title='"Petition 1, improved"')
    make_signature(app, "petition-2")
    page = HtmlPage(client.get("/").text)
    cards = [one.words() for one in page.all("h2") if one.inside[-1].tag == "li"]
    assert cards == ["Petition 2", "Petition 1, improved", "Petition 0"]
    assert [one.words() for one in page.all("p", **{"class": "count"})] == [
        "1 verified signature", "0 verified signatures", "0 verified signatures",
    ]  # fmt: skip
    links = [link.get("href") for link in page.all("a") if link.inside[-1].tag == "h2"]
    assert links == ["/petitions/petition-2", "/petitions/petition-1", "/petitions/petition-0"]
