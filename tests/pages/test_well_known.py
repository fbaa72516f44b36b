"""What browsers and search engines ask for by themselves is there, and names nothing that is not to be found."""

import xml.etree.ElementTree as ET
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from tests.factories import make_petition

NAMES = {"map": "http://www.sitemaps.org/schemas/sitemap/0.9"}


def listed(client: FlaskClient) -> list[str]:
    found = ET.fromstring(client.get("/sitemap.xml").data)
    return [str(one.text) for one in found.findall("map:url/map:loc", NAMES)]


@pytest.mark.both_databases
def test_the_site_map_has_each_open_petition_in_each_of_its_languages(app: Flask, client: FlaskClient) -> None:
    assert listed(client) == []
    swedish = '[[translations]]\nlanguage = "sv"\ntitle = "Rädda"\nstatement = "Vi ber."\nbody = ""\n'
    make_petition(app, tables=swedish)
    make_petition(app, slug='"closed"', closes_on="2026-01-31")
    make_petition(app, slug='"discreet"', discreet="true")
    base = f"{app.config['BASE_URL']}/petitions/save-the-test-library"
    assert sorted(listed(client)) == [base, f"{base}/sv"]


def test_robots_are_kept_from_private_links_and_lists_of_people_and_led_to_the_site_map(client: FlaskClient) -> None:
    answer = client.get("/robots.txt")
    assert answer.mimetype == "text/plain"
    forbidden = {line.partition(": ")[2] for line in answer.text.splitlines() if line.startswith("Disallow: ")}
    assert {"/confirm/", "/not-me/", "/unsubscribe/", "/signature/", "/entry/", "/organise"} <= forbidden
    assert "/petitions/*/signatures" in forbidden
    assert "Sitemap: http" in answer.text


@pytest.mark.parametrize(("name", "size"), [("favicon.ico", 32), ("apple-touch-icon.png", 180)])
def test_icons_are_where_browsers_guess_them(client: FlaskClient, name: str, size: int) -> None:
    answer = client.get(f"/{name}")
    assert answer.headers["Content-Type"] == "image/png"
    assert Image.open(BytesIO(answer.data)).size == (size, size)


def test_whom_to_tell_about_a_hole_is_said_if_the_operator_says_so(app: Flask, client: FlaskClient) -> None:
    path = "/.well-known/security.txt"
    assert client.get(path).status_code == 404
    app.config["SECURITY_CONTACT"] = "mailto:security@example.org"
    lines = dict(line.split(": ", 1) for line in client.get(path).text.splitlines())
    assert lines["Contact"] == "mailto:security@example.org"
    assert lines["Expires"].endswith("T00:00:00Z")
    assert lines["Canonical"] == f"{app.config['BASE_URL']}{path}"


def test_password_managers_find_where_an_organiser_changes_the_password(client: FlaskClient) -> None:
    assert client.get("/.well-known/change-password").location == "/organise/change"
