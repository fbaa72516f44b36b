"""What organisers type and paste is taken as it looks: links, numbers, addresses, and what nobody can see."""

import pytest
from flask import Flask

from tests.html_page import HtmlPage
from tests.petitions.stored import notices, texts
from tests.publishing.conftest import PLACE, TRUSTED, Desk, stored
from tests.web.test_typed_text import UNSEEN

IBAN = "DE89370400440532013000"
REFUSED_LINK = "Must be a web address that begins with https:// or http://."


@pytest.mark.parametrize(
    ("typed", "saved"),
    [
        ("times.example", "https://times.example"),
        (" www.times.example/a?b=c#d ", "https://www.times.example/a?b=c#d"),
        ("//times.example/a", "https://times.example/a"),
        ("times.example:8080/a", "https://times.example:8080/a"),
        ("\u200bmaßanfertigung.example", "https://maßanfertigung.example"),
        ("हिन्दी.example/@ann", "https://हिन्दी.example/@ann"),
        ("http://times.example", "http://times.example"),
    ],
)
def test_a_link_may_be_typed_without_https(app: Flask, desk: Desk, typed: str, saved: str) -> None:
    said = {"links-0-title": "Read", "links-0-url": typed}
    assert desk.send(f"{PLACE}/details", **said).status_code == 303
    elsewhere = {"elsewhere-count": "3", "elsewhere-source": "On paper", "elsewhere-url": typed}
    assert desk.send(f"{PLACE}/details", **elsewhere).status_code == 303
    petition = stored(app)
    assert [link["url"] for link in petition.links] == [saved]
    assert petition.elsewhere and petition.elsewhere["url"] == saved


@pytest.mark.parametrize(
    "typed",
    [
        *("javascript:alert(1.5)", "JavaScript:alert(1.5)//x.example", "data:text/html,x.y", "mailto:ann@example.org"),
        *("ftp://times.example", "htps://times.example", "javascript.x:alert(1)", "java\tscript:alert(1.5)"),
        *("ann@example.org", "times.example@evil.example", "localhost", "/a.html", "two words.example", "http:///x.y"),
        *("times.example\\@evil.example", "https://", "see times.example", "times.example\\a"),
    ],
)
def test_what_is_no_web_address_is_refused_and_stays_in_the_form(app: Flask, desk: Desk, typed: str) -> None:
    page = HtmlPage(desk.send(f"{PLACE}/details", **{"links-0-title": "Read", "links-0-url": typed}).text)
    assert page.errors() == {"links-0-url": REFUSED_LINK}
    assert page.by_id("links-0-url").get("value") == typed
    assert stored(app).links == []


@pytest.mark.parametrize("typed", ["١٥٠٠", "۱٬۵۰۰", "१,५००", "１５００", "\u200b1 500\u202c"])
def test_a_number_may_have_the_digits_of_any_script(app: Flask, desk: Desk, typed: str) -> None:
    assert desk.send(f"{PLACE}/details", goal=typed).status_code == 303
    assert desk.send(f"{PLACE}/trust", erase_after_days="٩١").status_code == 303
    assert (stored(app).goal, notices(app)[-1].erase_after_days) == (1500, 91)


@pytest.mark.parametrize("typed", ["1²", "½", "x١", "١.٥", "Ⅷ"])
def test_what_is_no_whole_number_is_refused(desk: Desk, typed: str) -> None:
    assert "goal" in HtmlPage(desk.send(f"{PLACE}/details", goal=typed).text).errors()


def test_a_day_may_have_the_digits_of_any_script(app: Flask, desk: Desk) -> None:
    assert desk.send(f"{PLACE}/details", started_on="٢٠٢٦-١١-٠١").status_code == 303
    assert str(stored(app).started_on) == "2026-11-01"


def test_an_account_may_be_typed_in_any_script_and_pasted(app: Flask, desk: Desk) -> None:
    typed = {"donations-0-iban": "\u200bde89 ٣٧٠٤ ０0４4 0532 0130 00", "donations-0-currency": "ｅur"}
    assert desk.send(f"{PLACE}/trust", **{"donations-0-recipient": "Club"}, **typed).status_code == 303
    assert [(one["iban"], one["currency"]) for one in stored(app).donations] == [(IBAN, "EUR")]


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


@pytest.mark.parametrize("part", ["details", "trust"])
def test_enter_in_a_field_saves_and_adds_no_row(desk: Desk, part: str) -> None:
    page = HtmlPage(desk.get(f"{PLACE}/{part}").text)
    first_button: dict[int, str | None] = {}
    for button in page.all("button"):
        for form in (one for one in button.inside if one.tag == "form"):
            first_button.setdefault(id(form), button.get("name"))
    assert len(first_button) > 1 or part == "trust"
    assert "more" in [one.get("name") for one in page.all("button")]
    assert "more" not in first_button.values(), "browsers press a form's first button at Enter"
