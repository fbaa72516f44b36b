"""Embedding by oEmbed 1.0 (oembed.com): programs learn how to embed a petition of this site."""

from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.factories import SLUG, make_petition
from tests.html_page import HtmlPage

BASE = "http://localhost:8000"
PAGE = f"{BASE}/petitions/{SLUG}"


def get_oembed(client: FlaskClient, **query: str) -> TestResponse:
    return client.get("/oembed", query_string=query)


def test_a_petition_is_of_type_rich_with_a_frame(app: Flask, client: FlaskClient) -> None:
    make_petition(app, title='"</iframe><script>alert(1)</script> \\" onload=x"', started_by='"Friends & <b>"')
    answer = get_oembed(client, url=PAGE)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    said = answer.json
    assert said
    assert (said["version"], said["type"]) == ("1.0", "rich")
    assert said["author_name"] == "Friends & <b>"
    assert (said["provider_name"], said["provider_url"]) == ("Countersign", BASE)
    (frame,) = HtmlPage(said["html"]).elements
    assert (frame.tag, frame.get("src")) == ("iframe", f"{PAGE}/embed")
    assert (frame.get("width"), frame.get("height")) == (str(said["width"]), str(said["height"]))
    assert said["thumbnail_url"] == f"{PAGE}/card.png"


@pytest.mark.parametrize("more", ["/sv", "/sv?utm=1", "/sv#sign"])
def test_an_address_in_a_language_is_embedded_in_it(client: FlaskClient, petition: str, more: str) -> None:
    said = get_oembed(client, url=PAGE + more, format="json").json
    assert said and f'src="{PAGE}/embed/sv"' in said["html"]


def test_the_frame_is_no_larger_than_asked(client: FlaskClient, petition: str) -> None:
    def size(**query: str) -> tuple[int, int, bool]:
        said = get_oembed(client, url=PAGE, **query).json
        assert said
        return said["width"], said["height"], "thumbnail_url" in said

    assert size() == size(maxwidth="5000", maxheight="5000") == (400, 280, True)
    assert size(maxwidth="300", maxheight="200") == (300, 200, False)
    assert size(maxwidth="1", maxheight="-5") == (200, 120, False)
    assert size(maxwidth="x", maxheight="0") == (400, 280, True)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "http://[",
        f"/petitions/{SLUG}",
        f"https://localhost:8000/petitions/{SLUG}",
        f"http://other.example/petitions/{SLUG}",
        f"http://localhost:8000@other.example/petitions/{SLUG}",
        f"http://localhost:8000.other.example/petitions/{SLUG}",
        f"{BASE}/petitions/unknown",
        f"{PAGE}/xx",
        f"{PAGE}/embed",
        f"{PAGE}/sign",
        f"{PAGE}/\0",
        BASE,
        f"{BASE}/organise",
        "javascript:alert(1)",
    ],
)
def test_nothing_but_a_petition_of_this_site_is_described(client: FlaskClient, petition: str, url: str) -> None:
    assert client.get(f"/oembed?url={quote(url, safe='')}").status_code == 404


def test_an_address_is_needed(client: FlaskClient, petition: str) -> None:
    assert client.get("/oembed").status_code == 404


@pytest.mark.parametrize("kind", ["xml", "XML", ""])
def test_other_formats_than_json_are_refused(client: FlaskClient, petition: str, kind: str) -> None:
    assert get_oembed(client, url=PAGE, format=kind).status_code == 501
