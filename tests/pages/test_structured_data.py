"""What search engines read of a petition (schema.org), as data that nothing runs, and of a discreet one nothing."""

import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.web.headers import POLICY
from tests.factories import SLUG, make_petition, make_signature
from tests.html_page import HtmlPage

TRICK = '"</script><script>alert(1)</script> <!-- & more"'


def structured(client: FlaskClient, path: str) -> list[dict[str, Any]]:
    """Return the blocks of data in a page."""
    answer = client.get(path)
    assert answer.headers["Content-Security-Policy"] == POLICY
    return [json.loads(one.text) for one in HtmlPage(answer.text).all("script", type="application/ld+json")]


def test_a_petition_tells_its_title_language_and_days(app: Flask, client: FlaskClient) -> None:
    make_petition(app, title=TRICK.replace('"', "'"), language='"sv"')
    make_signature(app, name="Nobody Else")
    (about,) = structured(client, f"/petitions/{SLUG}")
    assert about["headline"] == TRICK.strip('"')
    assert (about["@type"], about["inLanguage"]) == ("Article", "sv")
    assert about["url"] == f"{app.config['BASE_URL']}/petitions/{SLUG}"
    assert about["datePublished"].startswith("20") and about["dateModified"].startswith("20")
    assert "Nobody Else" not in json.dumps(about)


def test_the_start_page_tells_the_sites_name(app: Flask, client: FlaskClient) -> None:
    app.config["SITE_NAME"] = "Petitions of Testville"
    (about,) = structured(client, "/")
    assert (about["@type"], about["name"]) == ("WebSite", "Petitions of Testville")
    assert about["url"] == f"{app.config['BASE_URL']}/"
    assert structured(client, "/?q=books") == []


@pytest.mark.parametrize("part", ["", "/signatures", "/sign"])
def test_of_a_discreet_petition_nothing_is_told(app: Flask, client: FlaskClient, part: str) -> None:
    slug = make_petition(app, slug='"hushed"', discreet="true")
    assert structured(client, f"/petitions/{slug}{part}") == []
