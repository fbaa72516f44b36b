"""The form of news: each of its buttons saves what was typed first, and nothing that was typed is lost."""

from collections.abc import Callable
from email.utils import parseaddr

import pytest
from flask import Flask
from markupsafe import Markup
from sqlalchemy import event
from werkzeug.test import TestResponse

from app.db import db
from app.models import Role
from app.updates import write
from app.updates.write import MAX_DRAFTS, Written
from tests.factories import make_petition
from tests.mail_server import MailServer, text_of
from tests.publishing.conftest import Desk, Seat
from tests.updates.conftest import stored, want_no_notices
from tests.updates.test_pages import NEWS, ONE, acts, written

__all__ = ["written"]
Work = Callable[[], int]
RUSSIAN = '[[translations]]\nlanguage = "ru"\ntitle = "Книги"\nstatement = "Просим."\nbody = "**Книги**"\n'
TYPED = {"title_en": "Typed last", "body_en": "And never *saved*."}


def press(desk: Desk, then: str, **fields: str) -> TestResponse:
    return desk.client.post(ONE, data=desk.form(ONE, "title_en") | fields | {"then": then})


def test_a_test_has_what_was_typed_last(app: Flask, written: Desk, mail_server: MailServer, work: Work) -> None:
    assert press(written, "test", **TYPED).status_code == 303
    work()
    (letter,) = mail_server.letters
    assert "Typed last" in str(letter["Subject"])
    assert "never <em>saved</em>" in text_of(letter, "html")


def test_what_is_led_on_to_sending_is_what_was_typed_last(written: Desk) -> None:
    answer = press(written, "send", **TYPED)
    assert answer.location == f"{ONE}/send"
    assert "Typed last" in written.get(f"{ONE}/send").text


@pytest.mark.parametrize("then", ["", "test", "send"])
def test_each_button_refuses_what_is_wrong_and_what_somebody_else_has_saved_meanwhile(
    app: Flask, written: Desk, seat: Seat, mail_server: MailServer, work: Work, then: str
) -> None:
    form = written.form(ONE, "title_en")
    wrong = written.client.post(ONE, data=form | TYPED | {"body_en": "", "then": then})
    assert (wrong.status_code, "Typed last" in wrong.text) == (422, True)
    press(seat(Role.EDITOR, "edda@example.org"), "", title_en="Hers")
    conflict = written.client.post(ONE, data=form | TYPED | {"then": then})
    assert (conflict.status_code, "Typed last" in conflict.text) == (409, True)
    work()
    assert not mail_server.letters


def test_what_is_pressed_twice_is_saved_once(app: Flask, written: Desk) -> None:
    form = written.form(ONE, "title_en") | TYPED
    assert [written.client.post(ONE, data=form).status_code for _ in range(2)] == [303, 303]
    assert stored(app).revision == 2
    assert acts(app).count("written") == 2


def test_a_test_of_nothing_is_none(desk: Desk, mail_server: MailServer, work: Work) -> None:
    desk.press(NEWS)
    press(desk, "test")
    assert "There is no text to send yet." in desk.get(ONE).text
    work()
    assert not mail_server.letters


def translate(app: Flask) -> None:
    """Give the news a text in Arabic, whose tag comes before that of the original."""
    with app.app_context():
        news = stored(app)
        texts = {"ar": Written("مسموع", "نعم."), "en": Written("We were heard", "They **listened**.")}
        write.save_news(news.petition_id, news.written_by, 1, news.revision, texts, is_outcome=False)


def test_the_summary_of_errors_says_in_which_language_and_field(app: Flask, written: Desk) -> None:
    translate(app)
    answer = press(written, "", body_ar="")
    assert answer.status_code == 422
    assert "Arabic, Text: Please write this too, or leave both empty." in answer.text


def test_the_original_comes_first(app: Flask, written: Desk, mail_server: MailServer, work: Work) -> None:
    translate(app)
    press(written, "test")
    work()
    assert [letter["Content-Language"] for letter in mail_server.letters] == ["en", "ar"]
    page = written.page(ONE).html
    assert page.index("<strong>listened") < page.index("<p>نعم.")


@pytest.mark.parametrize("discreet", ["false", "true"])
def test_the_list_on_a_phone_is_shown_as_the_e_mail_arrives(
    app: Flask, seat: Seat, mail_server: MailServer, work: Work, discreet: str
) -> None:
    make_petition(app, discreet=discreet)
    desk = seat()
    want_no_notices(app)
    desk.press(NEWS)
    press(desk, "test", **TYPED)
    work()
    (letter,) = mail_server.letters
    name, address = parseaddr(letter["From"])
    assert bool(name) == (discreet == "false")
    begins = Markup(text_of(letter, "html").partition("</head>")[2]).striptags()
    (listed,) = desk.page(ONE).all("div", **{"class": "on-a-phone"})
    shown = f"{name or address} {letter['Subject'].removeprefix('[Test] ')} {begins}"
    assert len(listed.words()) > 60
    assert shown.startswith(listed.words())


def test_a_discreet_petitions_title_is_not_called_the_subject(app: Flask, seat: Seat) -> None:
    make_petition(app, discreet="true")
    desk = seat()
    desk.press(NEWS)
    assert "the subject" not in desk.get(ONE).text


def test_who_reads_a_language_that_is_left_empty_is_told_of(app: Flask, seat: Seat) -> None:
    make_petition(app, tables=RUSSIAN)
    desk = seat()
    desk.press(NEWS)
    press(desk, "", **TYPED)
    (untold,) = desk.page(ONE).all("section", **{"aria-labelledby": "untold"})
    assert untold.words().startswith("Russian Whoever signed in a language that you leave empty gets it in English")


@pytest.mark.both_databases
def test_of_a_petitions_drafts_there_are_so_many_at_most(app: Flask, desk: Desk) -> None:
    assert [desk.press(NEWS).location for _ in range(MAX_DRAFTS)][-1] == f"{NEWS}/{MAX_DRAFTS}"
    assert desk.press(NEWS).location == NEWS
    page = desk.get(NEWS).text
    assert "There are 20 drafts already. Please send or delete one of them first." in page
    assert page.count("Without a title") == MAX_DRAFTS
    desk.press(f"{ONE}/delete")
    assert desk.press(NEWS).location == f"{NEWS}/{MAX_DRAFTS + 1}"


@pytest.mark.both_databases
def test_the_list_takes_as_many_queries_however_many_drafts_there_are(app: Flask, desk: Desk) -> None:
    asked: list[str] = []
    with app.app_context():
        engine = db.engine
    numbers = []
    for _ in range(3):
        desk.press(NEWS)
        event.listen(
            engine, "before_cursor_execute", note := lambda c, cursor, statement, *rest: asked.append(statement)
        )
        desk.get(NEWS)
        event.remove(engine, "before_cursor_execute", note)
        numbers.append(len(asked))
        asked.clear()
    assert numbers[1] == numbers[2]
