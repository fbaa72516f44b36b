"""What organisers type and paste is taken as it looks, without what nobody can see."""

from flask import Flask

from tests.html_page import HtmlPage
from tests.petitions.stored import notices, texts
from tests.publishing.conftest import PLACE, TRUSTED, Desk, stored
from tests.web.test_typed_text import UNSEEN


def test_what_cannot_be_seen_is_taken_out_of_each_text(app: Flask, desk: Desk) -> None:
    for number, one in enumerate(UNSEEN):
        title, text = f"{one}Save {one}the books {number}", f"We {one}ask{one}.\x0bNow. {number}"
        said = {"title": title, "statement": text, "body": text, "thanks": text}
        answer = desk.send(f"{PLACE}/words", **said)
        assert answer.status_code == 303, (ascii(one), HtmlPage(answer.text).errors())
        newest = texts(app)[-1]
        assert newest.title == f"Save the books {number}", ascii(one)
        assert {newest.statement, newest.body} == {f"We ask.\nNow. {number}"}, ascii(one)


def test_a_title_of_nothing_that_can_be_seen_is_empty(app: Flask, desk: Desk) -> None:
    answer = desk.send(f"{PLACE}/words", title="\u202e\u200b\ufeff")
    assert HtmlPage(answer.text).errors() == {"title": "This must not be empty."}
    answer = desk.send("/organise/petitions/new", title="Save\u202e \x0cthe books")
    assert answer.location == "/organise/petitions/save-the-books/words"


def test_a_row_of_nothing_that_can_be_seen_is_blank(app: Flask, desk: Desk) -> None:
    assert desk.send(f"{PLACE}/details", **{"links-0-title": "\u200b", "links-0-url": "\ufeff"}).status_code == 303
    assert stored(app).links == []


def test_the_preview_is_of_what_would_be_saved(desk: Desk) -> None:
    token = desk.form(f"{PLACE}/words")["csrf_token"]
    typed = "Books\x0bare\u202e **good**."
    answer = desk.client.post(f"{PLACE}/preview-markdown", data={"csrf_token": token, "body": typed})
    assert "control characters" not in answer.text and "<strong>good</strong>" in answer.text
    assert "\u202e" not in answer.text
    shown = desk.send(f"{PLACE}/words", body=typed, preview="1").text
    assert "control characters" not in shown and "<strong>good</strong>" in shown


def test_tabs_stay_of_which_tables_are_made(app: Flask, desk: Desk) -> None:
    assert desk.send(f"{PLACE}/words", body="Town\tBooks\r\nTestville\t3").status_code == 303
    assert texts(app)[-1].body == "Town\tBooks\nTestville\t3"


def test_what_people_trust_is_taken_as_it_looks(app: Flask, desk: Desk) -> None:
    said = {
        "controller_name": "Test\u200b Library Club",
        "controller_address": "1 Test Street\x0bTestville\u202e",
        "controller_email": "\u202ao\u2019brien\u200b@ma\u00dfanfertigung.example\u202c",
        "contact": "\ufefflibrary@example.org",
        "addressed_to": "The Town\x0cCouncil",
    }
    answer = desk.send(f"{PLACE}/trust", **TRUSTED | said)
    assert answer.status_code == 303, HtmlPage(answer.text).errors()
    notice = notices(app)[-1]
    assert (notice.controller_name, notice.controller_address) == ("Test Library Club", "1 Test Street\nTestville")
    assert notice.controller_email == "o'brien@xn--maanfertigung-cdb.example"
    assert notice.addressed_to == "The Town\nCouncil"
    assert stored(app).contact == "library@example.org"
