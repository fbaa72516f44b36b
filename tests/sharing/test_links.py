"""Links for sharing a petition: plain links to the page in the reader's language."""

from email.message import Message
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories import SLUG, make_petition
from tests.html_page import HtmlPage

HOSTS = {
    "E-mail": "",
    "Mastodon": "share.joinmastodon.org",
    "Bluesky": "bsky.app",
    "WhatsApp": "wa.me",
    "Telegram": "t.me",
    "Facebook": "www.facebook.com",
    "X": "x.com",
    "LinkedIn": "www.linkedin.com",
}
WITHOUT_WORDS = {"Facebook", "LinkedIn"}  # they show the page's card


def links_by_name(client: FlaskClient, path: str) -> dict[str, str]:
    page = HtmlPage(client.get(path).text)
    inside = [one for one in page.all("a") if any(e.get("class") == "share-ways" for e in one.inside)]
    assert {one.get("rel") for one in inside} == {"noopener noreferrer nofollow"}
    return {one.words(): one.get("href") or "" for one in inside}


def test_each_link_has_the_title_and_the_address(app: Flask, client: FlaskClient) -> None:
    make_petition(app, title='"Books & <more>? 100 % #now"')
    address = f"{app.config['BASE_URL']}/petitions/{SLUG}"
    found = links_by_name(client, f"/petitions/{SLUG}/share")
    assert {name: urlsplit(href).netloc for name, href in found.items()} == HOSTS
    for name, href in found.items():
        said = unquote(href)
        assert (name in WITHOUT_WORDS) or "Please read and sign: Books & <more>? 100 % #now" in said, name
        assert address in said, name


def test_the_mailto_link_has_subject_and_body(app: Flask, client: FlaskClient) -> None:
    make_petition(app, title='"Books? &cc=eve@example.org"')
    mail = urlsplit(links_by_name(client, f"/petitions/{SLUG}/share")["E-mail"])
    fields = parse_qs(mail.query, strict_parsing=True)
    assert (mail.scheme, mail.path, set(fields)) == ("mailto", "", {"subject", "body"})
    letter = Message()
    letter["Subject"] = fields["subject"][0]
    assert letter["Subject"] == "Books? &cc=eve@example.org"
    assert fields["body"][0].splitlines()[-1] == f"{app.config['BASE_URL']}/petitions/{SLUG}"


def test_the_mastodon_link_has_its_text_in_the_fragment(client: FlaskClient, petition: str) -> None:
    asked = urlsplit(links_by_name(client, f"/petitions/{petition}/share")["Mastodon"])
    assert (asked.path, asked.query) == ("/", "")
    assert "library" in asked.fragment


def test_on_the_petitions_own_page_the_links_stand_beside_the_number(client: FlaskClient, petition: str) -> None:
    path = f"/petitions/{petition}"
    assert links_by_name(client, path) == links_by_name(client, f"{path}/share")
    page = HtmlPage(client.get(path).text)
    (tell,) = page.all("details", **{"class": "tell"})
    assert [one.words() for one in page.all("summary") if tell in one.inside] == ["Tell others"]
    assert {tell in one.inside for one in page.all("a") if one.words() in HOSTS} == {True}
    (number,) = page.all("div", **{"class": "progress is-large"})
    assert tell.inside == number.inside
    after = [one for one in page.elements[page.elements.index(number) :] if number not in one.inside]
    assert after[1] is tell, "nothing comes between"


@pytest.mark.parametrize("front", [{"closes_on": "2026-01-31"}, {"discreet": "true"}], ids=["closed", "discreet"])
def test_whom_nobody_can_or_should_be_told_of_has_no_such_links(
    app: Flask, client: FlaskClient, front: dict[str, str]
) -> None:
    page = client.get(f"/petitions/{make_petition(app, **front)}")
    assert page.status_code == 200
    assert "Tell others" not in page.text and "share-ways" not in page.text


@pytest.mark.parametrize("path", ["share/sv", "signed?language=sv"])
def test_the_swedish_page_is_shared_by_its_swedish_address(
    app: Flask, client: FlaskClient, petition: str, path: str
) -> None:
    html = client.get(f"/petitions/{petition}/{path}").text
    field = HtmlPage(html).by_id("share-address")
    assert field.get("value") == f"{app.config['BASE_URL']}/petitions/{petition}/sv"
    assert field.get("readonly") is not None
    said = unquote(links_by_name(client, f"/petitions/{petition}/{path}")["Telegram"])
    assert f"/petitions/{petition}/sv" in said


def test_an_ended_petition_asks_nobody_to_sign(app: Flask, client: FlaskClient) -> None:
    slug = make_petition(app, closes_on="2026-01-31")
    for name, href in links_by_name(client, f"/petitions/{slug}/share").items():
        assert name in WITHOUT_WORDS or "Save the test library" in unquote(href)
        assert "sign:" not in unquote(href)


def test_buttons_that_need_a_script_are_hidden_without_it(client: FlaskClient, petition: str) -> None:
    page = HtmlPage(client.get(f"/petitions/{petition}/share").text)
    buttons = page.all("button")
    assert len(buttons) == 4
    assert all(button.get("hidden") is not None for button in buttons)
    assert {said.words() for said in page.all("span", role="status")} == {""}
