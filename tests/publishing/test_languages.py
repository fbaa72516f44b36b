"""The languages of a text: those that people write are listed, others are typed by their tag."""

import json

import pytest
from babel import Locale
from flask import Flask
from flask.testing import FlaskClient

from app.petition_files import values
from app.web import language
from tests.factories import SLUG, make_petition
from tests.html_page import HtmlPage
from tests.petitions.stored import texts
from tests.publishing.conftest import PLACE, Desk, Seat, stored

NEW = "/organise/petitions/new"
WRONG_TAG = "Must be a language tag, such as en, sv or pt-BR."
HARDLY_WRITTEN = {"en-Shaw", "en-Dsrt", "jbo", "cu", "ia", "mn-Mong"}
WRITTEN = {"en", "sv", "ar", "ru", "uk", "sr-Latn", "zh-Hant", "pt-BR", "yue"}


def offered(page: HtmlPage) -> list[str]:
    """Return the tags in the page's list of languages."""
    (listed,) = [one for one in page.all("select") if one.get("id") == "language"]
    return [one.get("value") or "" for one in page.all("option") if listed in one.inside]


def test_those_that_people_write_are_listed(desk: Desk) -> None:
    for path in (NEW, f"{PLACE}/words"):
        tags = set(offered(desk.page(path)))
        assert WRITTEN - {"en"} <= tags and not HARDLY_WRITTEN & tags
        assert len(tags) < 120


def test_the_list_has_every_language_of_the_interface_and_what_the_check_takes(app: Flask) -> None:
    listed = set(language.names(Locale("en")))
    assert set(json.loads(language.WRITTEN_LANGUAGES.read_text("utf-8"))) | set(language.INTERFACE_LANGUAGES) <= listed
    with app.test_request_context():
        assert {values.language("language", tag) for tag in listed} == listed


@pytest.mark.parametrize(
    ("typed", "tag"), [("eo", "eo"), (" NDS ", "nds"), ("en-shaw", "en-Shaw"), ("\u200bzh-hant-tw", "zh-Hant-TW")]
)
def test_another_one_is_typed_by_its_tag(app: Flask, seat: Seat, typed: str, tag: str) -> None:
    answer = seat(None).send(NEW, title="Save the test library", slug=SLUG, tag=typed)
    assert answer.status_code == 303
    assert stored(app).language == tag


@pytest.mark.parametrize("typed", ["english", "xx", "en_US", "x-klingon"])
def test_what_is_no_tag_is_refused_and_stays_in_the_form(desk: Desk, typed: str) -> None:
    answers = [desk.send(NEW, title="Save", tag=typed), desk.get(f"{PLACE}/words?in=&tag={typed}")]
    for answer in answers:
        assert answer.status_code == 422
        page = HtmlPage(answer.text)
        assert page.errors() == {"tag": WRONG_TAG}
        assert page.by_id("tag").get("value") == typed
    assert page.by_id("tag").get("autofocus") is not None
    assert page.all("details", **{"class": "another-language"})[0].get("open") is not None


def test_a_translation_into_another_one_is_written_by_its_tag(app: Flask, desk: Desk, client: FlaskClient) -> None:
    assert desk.get(f"{PLACE}/words?in=&tag=EO").location == f"{PLACE}/words/eo"
    assert desk.get(f"{PLACE}/words?in=sv&tag=eo").location == f"{PLACE}/words/eo"
    assert desk.get(f"{PLACE}/words?in=sv&tag=").location == f"{PLACE}/words/sv"
    said = {"title": "Savu la bibliotekon", "statement": "Ni petas."}
    assert desk.send(f"{PLACE}/words/eo", **said).status_code == 303
    assert "Savu la bibliotekon" in client.get(f"/petitions/{SLUG}/eo").text
    assert desk.get(f"{PLACE}/words?in=").status_code == 422


def test_a_text_in_a_language_that_is_not_listed_is_edited_like_any_other(app: Flask, seat: Seat) -> None:
    table = '[[translations]]\nlanguage = "en-Shaw"\ntitle = "Old"\nstatement = "We ask."\n'
    make_petition(app, language='"jbo"', tables=table)
    desk = seat()
    links = [one.get("href") for one in desk.page(f"{PLACE}/words").all("a")]
    assert f"{PLACE}/words" in links and f"{PLACE}/words/en-Shaw" in links
    assert desk.send(f"{PLACE}/words", title="New lojban").status_code == 303
    assert desk.send(f"{PLACE}/words/en-Shaw", title="New Shavian").status_code == 303
    assert {text.title for text in texts(app)} >= {"New lojban", "New Shavian"}
