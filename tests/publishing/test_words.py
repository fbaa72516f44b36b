"""Editing the words: each save makes a version, nothing typed is lost, concurrent saves do not overwrite each other."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.concurrency.test_races import at_once
from tests.factories import SLUG, drafts, make_draft, make_signature, press_confirm, sign, signatures
from tests.html_page import HtmlPage
from tests.mail_server import link_in
from tests.petitions.stored import texts
from tests.publishing.conftest import PLACE, Desk, Seat
from tests.publishing.test_opening import complete


def test_a_new_petition_is_a_draft_only_its_owner_sees(app: Flask, draft: Desk, client: FlaskClient) -> None:
    assert client.get(f"/petitions/{SLUG}").status_code == 404
    assert draft.get(f"{PLACE}/preview").status_code == 200
    assert draft.form(f"{PLACE}/words")["title"] == "Save the test library"
    answer = draft.send(f"{PLACE}/words", statement="We ask.", body="Why **not**")
    assert answer.status_code == 303
    assert [(text.version, text.statement) for text in texts(app)] == [(1, "We ask.")]


def test_a_slug_is_made_from_the_title_or_random(seat: Seat) -> None:
    desk = seat(None)
    assert desk.send("/organise/petitions/new", title="Für Bücher, überall!").location.endswith(
        "/fur-bucher-uberall/words"
    )
    long = "Keep the " + "very " * 9 + "remarkable library"
    assert desk.send("/organise/petitions/new", title=long).location.endswith("-very/words")
    assert "/petition-" in desk.send("/organise/petitions/new", title="За книги").location


def test_a_slug_of_an_open_petition_a_draft_or_the_site_is_refused_alike(desk: Desk, seat: Seat) -> None:
    assert desk.send("/organise/petitions/new", title="x", slug="a-draft").status_code == 303
    tries = [(desk, SLUG), *((seat(None, "eve@example.org"), slug) for slug in (SLUG, "a-draft", "new"))]
    answers = [who.send("/organise/petitions/new", title="x", slug=slug) for who, slug in tries]
    assert [answer.status_code for answer in answers] == [422] * 4
    for answer in answers:
        assert HtmlPage(answer.text).errors() == {"slug": "Must be another one: this one is taken or reserved."}


def test_no_draft_gets_a_reserved_slug_from_its_title(seat: Seat) -> None:
    assert "/petition-" in seat(None).send("/organise/petitions/new", title="Import").location


def test_each_field_shows_the_error_of_the_petition_file_check(desk: Desk) -> None:
    answer = desk.send(f"{PLACE}/words", title="x" * 201, statement="", body="x" * 100_001)
    assert answer.status_code == 422
    page = HtmlPage(answer.text)
    assert page.errors() == {
        "title": "Must have at most 200 characters; it has 201.",
        "statement": "This must not be empty.",
        "body": "Must have at most 100000 characters; it has 100001.",
    }
    assert page.by_id("title").get("value") == "x" * 201


def test_the_preview_without_scripts_saves_nothing_and_keeps_what_was_typed(app: Flask, desk: Desk) -> None:
    answer = desk.send(f"{PLACE}/words", title="New title", body="# Big\n\n<script>", preview="1")
    assert answer.status_code == 200
    page = HtmlPage(answer.text)
    assert "<h3>Big</h3>" in answer.text and "&lt;script&gt;" in answer.text
    assert page.by_id("title").get("value") == "New title"
    assert len(texts(app)) == 1


@pytest.mark.parametrize(("body", "words"), [("**x" * 33_000, "less formatting"), ("a " * 60_000, "100000 characters")])
def test_what_is_too_much_to_show_is_not_previewed_or_saved_and_the_page_says_so(
    app: Flask, desk: Desk, body: str, words: str
) -> None:
    before = len(texts(app))
    token = desk.form(f"{PLACE}/words")["csrf_token"]
    preview = desk.client.post(f"{PLACE}/preview-markdown", data={"csrf_token": token, "body": body})
    assert (preview.status_code, len(preview.text) < 500) == (200, True)
    assert words in preview.text
    saved = desk.send(f"{PLACE}/words", body=body)
    assert saved.status_code == 422
    assert words in HtmlPage(saved.text).errors()["body"]
    assert len(texts(app)) == before


def test_the_live_preview_renders_as_the_petitions_page(desk: Desk, client: FlaskClient) -> None:
    token = desk.form(f"{PLACE}/words")["csrf_token"]
    answer = desk.client.post(f"{PLACE}/preview-markdown", data={"csrf_token": token, "body": "Books are **good**."})
    assert answer.text.strip() in client.get(f"/petitions/{SLUG}").text
    assert desk.client.post(f"{PLACE}/preview-markdown", data={"body": "x"}).status_code == 400


def test_the_words_at_opening_are_version_one(app: Flask, draft: Desk, client: FlaskClient) -> None:
    for title in ("Secret idea", "Opening words"):
        draft.send(f"{PLACE}/words", title=title)
        draft.send(f"{PLACE}/words/sv", title=title, statement="Vi ber.")
    complete(draft)
    assert draft.press(f"{PLACE}/open").status_code == 303
    assert {(text.language, text.version) for text in texts(app)} == {("en", 1), ("sv", 1)}
    draft.send(f"{PLACE}/words", title="Later words")
    assert [text.version for text in texts(app) if text.language == "en"] == [1, 2]
    shown = client.get(f"/petitions/{SLUG}/changes").text
    assert "Secret" not in shown
    assert "Opening" in shown and "Later" in shown


def test_signed_words_never_change(app: Flask, desk: Desk, client: FlaskClient, mail_server, work) -> None:
    sign(client)
    work()
    before = texts(app)[0]
    assert desk.send(f"{PLACE}/words", title="Other title", statement="Other words").status_code == 303
    first, second = texts(app)
    for column in ("title", "statement", "body", "version", "made_at", "after_signatures"):
        assert getattr(first, column) == getattr(before, column)
    assert (second.version, second.after_signatures) == (2, 0)
    (draft,) = drafts(app)
    assert draft.text_id == first.id
    link = link_in(mail_server.letters[0])
    page = client.get(link).text
    assert "We ask the town to keep the test library open." in page and "Other words" not in page
    assert press_confirm(client, link).status_code == 303
    assert signatures(app)[0].text_id == first.id


def test_a_version_stores_the_number_of_signatures_before_it(app: Flask, desk: Desk) -> None:
    for number in range(3):
        make_signature(app, email=f"person{number}@example.org")
    make_draft(app, email="unconfirmed@example.org")
    desk.send(f"{PLACE}/words", title="Other title")
    assert [text.after_signatures for text in texts(app)] == [0, 3]


def test_the_second_of_two_saves_gets_a_conflict_and_may_save_then(app: Flask, desk: Desk, seat: Seat) -> None:
    other = seat(email="otto@example.org")
    mine, theirs = desk.form(f"{PLACE}/words"), other.form(f"{PLACE}/words")
    assert other.client.post(f"{PLACE}/words", data=theirs | {"title": "Their title"}).status_code == 303
    answer = desk.client.post(f"{PLACE}/words", data=mine | {"title": "My title", "body": "My **body**"})
    assert answer.status_code == 409
    page = HtmlPage(answer.text)
    assert page.by_id("title").get("value") == "My title"
    removed, added = ({one.words() for one in page.all(tag)} for tag in ("del", "ins"))
    assert "[removed: Their end]" in removed and "[added: My end]" in added
    assert len(texts(app)) == 2
    form = next(one for one in page.all("form", method="post") if "words" in (one.get("action") or ""))
    assert desk.client.post(f"{PLACE}/words", data=page.answers(form)).status_code == 303
    assert [text.title for text in texts(app)] == ["Save the test library", "Their title", "My title"]


def test_of_many_saves_at_once_one_succeeds_and_others_get_a_conflict(app: Flask, desk: Desk, seat: Seat) -> None:
    desks = [seat(email=f"editor{number}@example.org") for number in range(6)]
    forms = [one.form(f"{PLACE}/words") for one in desks]

    def save(which: int) -> int:
        form = forms[which] | {"title": f"Title {which}"}
        return desks[which].client.post(f"{PLACE}/words", data=form).status_code

    assert sorted(at_once(6, save)) == [303, *[409] * 5]
    assert [text.version for text in texts(app)] == [1, 2]


def test_saving_unchanged_words_makes_no_version(app: Flask, desk: Desk) -> None:
    assert desk.send(f"{PLACE}/words").status_code == 303
    assert len(texts(app)) == 1


def test_an_outdated_translation_is_marked_until_it_is_saved_again(desk: Desk, client: FlaskClient) -> None:
    told = "Originaltexten ändrades den"
    swedish = {"title": "Rädda biblioteket", "statement": "Vi ber.", "body": "**Böcker**"}
    desk.send(f"{PLACE}/words/sv", **swedish)
    assert told not in client.get(f"/petitions/{SLUG}/sv").text
    assert "older than the text" not in desk.get(f"{PLACE}/words").text

    desk.send(f"{PLACE}/words", title="Other title")
    after_saving = HtmlPage(desk.get(f"{PLACE}/words").text)
    (mark,) = after_saving.all("span", **{"class": "behind"})
    assert mark.words() == "older than the text"
    said = {one.words() for one in after_saving.all("p", role="status")}
    assert {"Saved.", "These translations are now older than the text: Swedish."} <= said
    assert after_saving.all("p", **{"class": "note is-info"}) and after_saving.all("p", **{"class": "note is-warning"})
    assert "was changed on" in desk.get(f"{PLACE}/words/sv").text
    assert told in client.get(f"/petitions/{SLUG}/sv").text
    assert told not in client.get(f"/petitions/{SLUG}").text

    desk.send(f"{PLACE}/words/sv", title="En annan rubrik")
    assert "older than the text" not in desk.get(f"{PLACE}/words").text
    assert told not in client.get(f"/petitions/{SLUG}/sv").text


def test_a_translation_has_versions_of_its_own(app: Flask, desk: Desk, client: FlaskClient) -> None:
    assert desk.get(f"{PLACE}/words?in=sv").location.endswith("/words/sv")
    assert desk.form(f"{PLACE}/words/sv")["title"] == ""
    assert desk.send(f"{PLACE}/words/sv", title="Rädda biblioteket").status_code == 422
    swedish = {"title": "Rädda biblioteket", "statement": "Vi ber.", "body": "**Böcker**"}
    assert desk.send(f"{PLACE}/words/sv", **swedish).status_code == 303
    assert [(text.language, text.version) for text in texts(app)] == [("en", 1), ("sv", 1)]
    assert "Rädda biblioteket" in client.get(f"/petitions/{SLUG}/sv").text
    assert "Text changed" not in client.get(f"/petitions/{SLUG}/sv").text
    assert desk.get(f"{PLACE}/words/xx").status_code == 404


def test_a_translation_is_added_by_a_form_of_its_own(desk: Desk) -> None:
    page = desk.page(f"{PLACE}/words")
    order = [one.get("id") for one in page.elements if one.get("id") in {"language", "title"}]
    assert order == ["language", "title"]
    (folded,) = page.all("details", **{"class": "another-language"})
    assert folded in page.by_id("language").inside and folded.get("open") is None


def test_without_a_language_there_is_an_error(desk: Desk) -> None:
    answer = desk.get(f"{PLACE}/words?in=")
    assert answer.status_code == 422
    page = HtmlPage(answer.text)
    assert page.errors() == {"in": "Please choose a language."}
    assert page.all("details", **{"class": "another-language"})[0].get("open") is not None


def test_the_page_shows_whether_the_petition_is_open_or_closed(desk: Desk) -> None:
    shown = desk.get(f"{PLACE}/words").text
    assert "The petition is open." in shown and "The petition is closed" not in shown
    desk.press(f"{PLACE}/close")
    shown = desk.get(f"{PLACE}/words").text
    assert "The petition is closed, and its page stays." in shown and "The petition is open." not in shown
