"""Changes of a petition's text: announced on its page, and shown on a page of their own."""

from flask import Flask
from flask.testing import FlaskClient

from tests.factories import SLUG, make_draft, make_signature
from tests.html_page import HtmlPage
from tests.petitions.conftest import Import

PAGE = f"/petitions/{SLUG}"
SWEDISH = '[[translations]]\nlanguage = "sv"\ntitle = "{}"\nstatement = "Vi ber."\n'


def test_a_change_after_signatures_is_announced_with_their_number(
    app: Flask, client: FlaskClient, bring: Import
) -> None:
    bring()
    for number in range(2):
        make_signature(app, email=f"person{number}@example.org")
    bring("Books are **bad**.", title='"Close the test library"')
    page = HtmlPage(client.get(PAGE).text)
    (note,) = page.all("p", **{"class": "text-changed"})
    assert "after 2 signatures." in note.words()
    (link,) = [one for one in page.all("a") if note in one.inside]
    changes = HtmlPage(client.get(link.get("href") or "").text)
    assert {"[removed: Save end]", "[removed: good end]"} == {one.words() for one in changes.all("del")}
    assert {"[added: Close end]", "[added: bad end]"} == {one.words() for one in changes.all("ins")}
    assert "after 2 signatures" in {one.words() for one in changes.all("p")}


def test_a_change_before_any_signature_is_not_announced(app: Flask, client: FlaskClient, bring: Import) -> None:
    bring()
    make_draft(app)
    bring("Other words.")
    assert "text-changed" not in client.get(PAGE).text


def test_each_language_has_its_own_changes_and_a_new_translation_is_not_one(
    app: Flask, client: FlaskClient, bring: Import
) -> None:
    bring()
    make_signature(app)
    bring(tables=SWEDISH.format("Rädda biblioteket"))
    assert "text-changed" not in client.get(f"{PAGE}/sv").text
    bring(tables=SWEDISH.format("Rädda boken"))
    assert "text-changed" in client.get(f"{PAGE}/sv").text
    assert "text-changed" not in client.get(PAGE).text
    assert "Rädda boken" in client.get(f"{PAGE}/changes/sv").text
    assert "boken" not in client.get(f"{PAGE}/changes").text


def test_the_page_of_changes_is_the_same_for_everyone(client: FlaskClient, petition: str) -> None:
    answer = client.get(f"{PAGE}/changes")
    assert answer.status_code == 200
    assert answer.headers["ETag"] and "public" in answer.headers["Cache-Control"]
    assert not client.get_cookie("organiser")
    assert client.get("/petitions/unknown/changes").status_code == 404
    assert client.get(f"{PAGE}/changes/xx").status_code == 404


def test_the_statements_paragraphs_are_kept(client: FlaskClient, bring: Import) -> None:
    bring(statement='"We ask.\\n\\nWe thank."')
    page = HtmlPage(client.get(f"{PAGE}/changes").text)
    (quoted,) = [one for one in page.all("div", **{"class": "words"}) if "We thank." in one.text]
    assert "We ask.\n\nWe thank." in quoted.text and quoted.inside[-1].tag == "blockquote"
