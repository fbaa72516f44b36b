"""What goes out is what the owners saw: nothing that an editor changes after it was asked for is in the e-mail."""

from collections.abc import Callable, Mapping

import pytest
from flask import Flask
from sqlalchemy import update

from app.db import transaction
from app.models import NewsText, Petition, Role
from app.updates.queue import send_news
from tests.mail_server import MailServer, text_of
from tests.publishing.conftest import PLACE, Desk, Seat
from tests.updates.conftest import agree, forget_what_owners_are_told, later, want_no_notices
from tests.updates.test_pages import NEWS, ONE, ask, write

pytestmark = pytest.mark.both_databases

Work = Callable[[], int]
SIGNER = "ann@example.net"
PARTS: Mapping[str, Mapping[str, str]] = {
    "words": {"title": "Pay at evil.example"},
    "trust": {"controller_name": "Evil Club", "controller_email": "evil@example.com", "contact": "evil@example.com"},
    "details": {"step": "basics", "started_by": "The evil ones"},
}


@pytest.fixture
def asked(app: Flask, desk: Desk) -> Desk:
    """The browser of an owner who has asked to send news to a signer."""
    agree(app, SIGNER)
    desk.press(NEWS)
    write(desk)
    want_no_notices(app)
    assert ask(desk).status_code == 303
    return desk


def change(desk: Desk, part: str) -> None:
    more = PARTS[part]
    page = f"{PLACE}/{part}"
    answer = desk.client.post(page, data=desk.form(page, *more) | more)
    assert answer.status_code == 303, answer.text


def change_all(app: Flask, desk: Desk) -> None:
    for part in PARTS:
        change(desk, part)
    forget_what_owners_are_told(app)


def everything_in(mail_server: MailServer, address: str) -> str:
    (letter,) = mail_server.to(address)
    return "\n".join([str(dict(letter.items())), text_of(letter), text_of(letter, "html")]).lower()


@pytest.mark.parametrize("when", ["while it waits", "while it is sent"])
def test_no_words_of_an_editor_get_in_after_it_was_asked_for(
    app: Flask, asked: Desk, seat: Seat, mail_server: MailServer, work: Work, when: str
) -> None:
    editor = seat(Role.EDITOR, "edda@example.org")
    later(app)
    if when == "while it is sent":
        with app.app_context():
            assert send_news() == 1
    change_all(app, editor)
    work()
    came = everything_in(mail_server, SIGNER)
    assert "evil" not in came
    for words in ("save the test library", "library@example.org", "we were heard"):
        assert words in came


def test_what_is_asked_for_anew_is_kept_anew(
    app: Flask, asked: Desk, seat: Seat, mail_server: MailServer, work: Work
) -> None:
    change_all(app, seat(Role.EDITOR, "edda@example.org"))
    asked.press(f"{ONE}/cancel")
    ask(asked)
    later(app)
    work()
    came = everything_in(mail_server, SIGNER)
    for words in ("pay at evil.example", "evil club", "evil@example.com", "the evil ones"):
        assert words in came


def test_a_test_shows_the_petition_as_it_is_now(
    app: Flask, asked: Desk, seat: Seat, mail_server: MailServer, work: Work
) -> None:
    asked.press(f"{ONE}/cancel")
    change_all(app, seat(Role.EDITOR, "edda@example.org"))
    asked.press(ONE, **asked.form(ONE, "title_en"), then="test")
    work()
    assert "pay at evil.example" in everything_in(mail_server, "olga@example.org")


@pytest.mark.parametrize("was_discreet", [True, False])
def test_a_petition_that_was_or_is_discreet_is_named_in_no_e_mail(
    app: Flask, desk: Desk, mail_server: MailServer, work: Work, was_discreet: bool
) -> None:
    agree(app, SIGNER)
    want_no_notices(app)
    desk.press(NEWS)
    write(desk)
    set_discreet(app, to=was_discreet)
    ask(desk)
    set_discreet(app, to=not was_discreet)
    later(app)
    work()
    (letter,) = mail_server.to(SIGNER)
    assert letter["Subject"] == "There is something new to read"
    assert letter["List-Id"] == "<news.localhost>"
    came = everything_in(mail_server, SIGNER)
    assert "library" not in came
    assert "heard" not in came


def set_discreet(app: Flask, *, to: bool) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(Petition).values(discreet=to))


def test_news_that_was_asked_for_before_this_was_kept_goes_out(
    app: Flask, asked: Desk, mail_server: MailServer, work: Work
) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(NewsText).values(about_petition=None))
    later(app)
    work()
    assert "save the test library" in everything_in(mail_server, SIGNER)
