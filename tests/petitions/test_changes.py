"""Changes of a petition's text: announced on its page, and shown on a page of their own."""

import re

from flask import Flask
from flask.testing import FlaskClient

from app.web import page_cache
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


def words_of(page: HtmlPage) -> list[tuple[str, bool]]:
    """Return the reasons of the versions shown, newest first, and whether they are inside a `details`."""
    shown = [one for one in page.all("div") if "words" in (one.get("class") or "").split()]
    return [
        (one.words(), any(around.tag == "details" for around in one.inside))
        for one in shown
        if not any(around.tag == "blockquote" for around in one.inside)
    ]


def test_differences_are_of_the_text_as_people_read_it_and_of_its_markdown_behind_that(
    client: FlaskClient, bring: Import
) -> None:
    bring("- Books are **good**.")
    bring("- Books are **bad**.")
    page = HtmlPage(client.get(f"{PAGE}/changes").text)
    assert words_of(page) == [
        ("• Books are [removed: good end] [added: bad end] .", False),
        ("- Books are **[removed: good end] [added: bad end] **.", True),
        ("• Books are good.", False),
        ("- Books are **good**.", True),
    ]
    assert not page.all("details", open="")


def test_what_differs_in_signs_alone_is_shown_at_once(client: FlaskClient, bring: Import) -> None:
    bring("Books are good.")
    bring("Books are *good*.")
    page = HtmlPage(client.get(f"{PAGE}/changes").text)
    newest, first = [one for one in page.all("details") if "Markdown" in one.text]
    assert "open" in newest.attributes and "open" not in first.attributes


def test_another_address_of_a_link_is_a_difference(client: FlaskClient, bring: Import) -> None:
    bring("[Our fund](https://a.example/)")
    bring("[Our fund](https://b.example/)")
    ((shown, _), *_others) = words_of(HtmlPage(client.get(f"{PAGE}/changes").text))
    assert shown == "Our fund (https://[removed: a end] [added: b end] .example/)"


def test_five_versions_are_on_a_page(client: FlaskClient, bring: Import) -> None:
    for number in range(12):
        bring(f"Version {number} of the reasons.")
    seen, path = [], f"/petitions/{SLUG}/changes"
    pages = 0
    while path:
        page = HtmlPage(client.get(path).text)
        seen += re.findall(r"version-(\d+)", page.html)[::2]
        path = next((one.get("href") or "" for one in page.all("a") if one.words() == "Older"), "")
        pages += 1
    assert [int(one) for one in seen] == list(range(12, 0, -1))
    assert pages == 3
    assert "The first text" in page.html
    for before in ("1", "0", "-1", str(10**30)):
        assert client.get(f"/petitions/{SLUG}/changes?before={before}").status_code in {200, 404}


def test_of_long_passages_that_stayed_the_ends_are_shown(client: FlaskClient, bring: Import) -> None:
    same = " ".join(f"word{number}" for number in range(500))
    bring(f"Before {same} old {same} after.")
    bring(f"Before {same} new {same} after.")
    newest, first = client.get(f"/petitions/{SLUG}/changes").text.split("The first text")
    assert "word499 <del>" in newest.replace("\n", " ") and "word250" not in newest
    assert "[…]" in newest and "Before word0" in newest
    assert "word250" in first and "[…]" not in first


def test_texts_that_are_made_to_differ_everywhere_make_no_page_too_large_to_be_kept(
    client: FlaskClient, bring: Import
) -> None:
    for number in range(6):
        bring(" ".join("abcd"[(i * i * (number + 1) + i) % 4] for i in range(45_000)))
    answer = client.get(f"/petitions/{SLUG}/changes")
    assert answer.status_code == 200
    assert len(answer.data) < page_cache.MAX_BODY_BYTES
