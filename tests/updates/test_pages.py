"""Organisers write news, test it, and send it as two; what is odd is refused, and two at once do it once."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app import clock
from app.db import db, transaction
from app.models import Act, AuditEntry, News, NewsState, Role
from app.petitions.news_numbers import numbers_of
from app.updates.queue import send_news
from tests.factories import SLUG, make_petition
from tests.mail_server import MailServer, link_in, text_of
from tests.publishing.conftest import PLACE, Desk, Seat
from tests.updates.conftest import agree, set_state, stored, want_no_notices

NEWS = f"{PLACE}/news"
ONE = f"{NEWS}/1"
Work = Callable[[], int]


@pytest.fixture
def written(app: Flask, desk: Desk) -> Desk:
    """The browser of an owner who has written news."""
    want_no_notices(app)
    assert desk.press(NEWS).location == ONE
    assert write(desk).status_code == 303
    return desk


def write(desk: Desk, title: str = "We were heard", body: str = "They **listened**.") -> TestResponse:
    return desk.client.post(ONE, data=desk.form(ONE, "title_en") | {"title_en": title, "body_en": body})


def ask(desk: Desk) -> TestResponse:
    return desk.client.post(f"{ONE}/send", data=desk.form(f"{ONE}/send", "revision"))


def consent(desk: Desk) -> TestResponse:
    return desk.client.post(f"{ONE}/consent", data=desk.form(ONE, "revision"))


def acts(app: Flask) -> list[str]:
    with app.app_context():
        lines = select(AuditEntry.details).where(AuditEntry.act == Act.NEWS).order_by(AuditEntry.id)
        return [str(details["what"]) for details in db.session.scalars(lines)]


def test_a_draft_shows_how_it_looks_and_in_a_phones_list(app: Flask, written: Desk) -> None:
    page = written.page(ONE)
    (phone,) = page.all("div", **{"class": "on-a-phone"})
    assert "We were heard" in phone.words()
    assert "They listened." in phone.words()
    assert "<strong>listened</strong>" in page.html
    assert stored(app).state == NewsState.DRAFT
    assert "We were heard" not in written.get(f"/petitions/{SLUG}").text
    assert "no such tracking" in written.page(NEWS).html


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("See https://example.org/" + "a" * 10_000, "A link or word in it is too long"),
        ("x " * 10_001, "at most 20000 characters"),
        ("> " * 2_000, "more formatting in it than can be shown"),
        ("", "Please write this too, or leave both empty."),
    ],
)
def test_a_text_that_mail_programs_or_the_site_would_choke_on_is_refused(
    app: Flask, written: Desk, body: str, words: str
) -> None:
    answer = write(written, body=body)
    assert answer.status_code == 422
    assert words in answer.text
    assert stored(app).revision == 1


def test_a_script_in_it_is_words_on_every_page_and_in_the_e_mail(
    app: Flask, written: Desk, mail_server: MailServer, work: Work
) -> None:
    agree(app, "ann@example.org")
    harmful = "<script>alert(1)</script> [x](javascript:alert(2)) ![p](https://example.net/p.gif)"
    assert write(written, "<script>alert(0)</script>", harmful).status_code == 303
    pages = [written.get(ONE).text]
    send_at_once(app, written)
    work()
    (letter,) = mail_server.letters
    pages += [written.get(f"/petitions/{SLUG}{path}").text for path in ("", "/news", "/news/1")]
    pages += [text_of(letter, "html")]
    for page in pages:
        assert "<script>alert" not in page
        assert 'href="javascript:' not in page
        assert "<img" not in page


def send_at_once(app: Flask, desk: Desk) -> None:
    assert ask(desk).status_code == 303
    with app.app_context(), transaction() as session:
        session.execute(update(News).values(due_at=clock.now()))


def test_a_test_goes_to_whoever_asks_for_it_and_to_nobody_else(
    app: Flask, written: Desk, mail_server: MailServer, work: Work
) -> None:
    agree(app, "ann@example.org")
    written.press(ONE, **written.form(ONE, "title_en"), then="test")
    work()
    (letter,) = mail_server.letters
    assert letter["To"] == "olga@example.org"
    assert letter["Subject"] == "[Test] We were heard"
    for page in ("signature", "unsubscribe"):
        answer = written.get(f"{link_in(letter, page)}")
        assert answer.status_code == 404
        assert "This is the link of a test" in answer.text


def test_what_an_owner_asks_to_send_waits_for_another_one_or_a_quarter_of_an_hour(
    app: Flask,
    written: Desk,
    seat: Seat,
    mail_server: MailServer,
    work: Work,
) -> None:
    agree(app, "ann@example.org")
    other = seat(Role.OWNER, "otto@example.org")
    ask(written)
    news = stored(app)
    assert news.due_at and news.asked_at and news.due_at - news.asked_at == timedelta(minutes=15)
    written.press(f"{ONE}/consent", revision="1")
    work()
    assert not mail_server.to("ann@example.org"), "who asked cannot consent"
    assert "I consent" in other.get(ONE).text
    assert "<bdi>olga@example.org</bdi> has asked to send it." in other.get(ONE).text
    consent(other)
    waiting = other.get(ONE).text
    assert "It begins within a minute." in waiting
    assert "I consent" not in waiting
    assert "It begins on" not in waiting
    work()
    assert len(mail_server.to("ann@example.org")) == 1
    assert acts(app) == ["begun", "written", "asked", "consented"]
    assert "We were heard" in other.get(f"/petitions/{SLUG}").text


def test_an_editor_writes_and_cannot_send(app: Flask, written: Desk, seat: Seat) -> None:
    editor = seat(Role.EDITOR, "edda@example.org")
    assert write(editor, "Edited").status_code == 303
    assert editor.get(f"{ONE}/send").status_code == 404
    for what in ("send", "consent", "pause", "resume", "cancel"):
        assert editor.press(f"{ONE}/{what}").status_code == 404
    assert stored(app).state == NewsState.DRAFT


def test_sending_wants_a_fresh_sign_in_and_stopping_does_not(app: Flask, written: Desk, seat: Seat) -> None:
    stale = seat(Role.OWNER, "otto@example.org", 60)
    assert "/organise/verify" in str(stale.get(f"{ONE}/send").location)
    send_at_once(app, written)
    assert "/organise/verify" in str(stale.press(f"{ONE}/consent").location)
    stale.press(f"{ONE}/cancel")
    assert stored(app).state == NewsState.DRAFT, "what has not begun can be taken back"


def test_two_owners_who_send_at_once_do_it_once(app: Flask, written: Desk, seat: Seat) -> None:
    other = seat(Role.OWNER, "otto@example.org")
    pages = [one.form(f"{ONE}/send", "revision") for one in (written, other)]
    answers = [one.client.post(f"{ONE}/send", data=page) for one, page in zip((written, other), pages, strict=True)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert acts(app).count("asked") == 1
    assert stored(app).consented_by is None, "two presses that did not know of each other are no consent"


def test_what_was_changed_meanwhile_is_neither_saved_over_nor_sent_unseen(
    app: Flask,
    written: Desk,
    seat: Seat,
) -> None:
    form, seen = written.form(ONE, "title_en"), written.form(f"{ONE}/send", "revision")
    assert write(seat(Role.EDITOR, "edda@example.org"), "Hers").status_code == 303
    assert written.client.post(ONE, data=form | {"title_en": "Mine"}).status_code == 409
    assert written.client.post(f"{ONE}/send", data=seen).status_code == 409
    assert stored(app).state == NewsState.DRAFT
    assert "Hers" in written.get(ONE).text


def test_an_owner_consents_to_the_words_that_were_seen_alone(app: Flask, written: Desk, seat: Seat) -> None:
    ask(written)
    other = seat(Role.OWNER, "otto@example.org")
    seen = other.form(ONE, "revision")
    written.press(f"{ONE}/cancel")
    write(written, "Other words")
    ask(written)
    answer = other.client.post(f"{ONE}/consent", data=seen)
    assert answer.status_code == 409
    assert "It was changed after you opened this page." in answer.text
    assert "Other words" in answer.text
    assert stored(app).consented_by is None
    assert consent(other).status_code == 303
    assert stored(app).consented_by


def test_a_draft_without_the_original_cannot_be_sent(app: Flask, desk: Desk) -> None:
    desk.press(NEWS)
    assert "no text in English" in desk.get(f"{ONE}/send").text
    assert desk.press(f"{ONE}/send", revision="0").status_code == 409


def test_pause_go_on_and_cancel(app: Flask, written: Desk, mail_server: MailServer, work: Work) -> None:
    agree(app, *(f"person{number}@example.org" for number in range(3)))
    send_at_once(app, written)
    with app.app_context():
        assert send_news() == 3
    written.press(f"{ONE}/pause")
    work()
    assert not mail_server.letters
    assert "An owner has paused it." in written.get(ONE).text
    written.press(f"{ONE}/resume")
    assert stored(app).state == NewsState.SENDING
    written.press(f"{ONE}/pause")
    written.press(f"{ONE}/cancel")
    work()
    assert not mail_server.letters
    assert stored(app).state == NewsState.CANCELLED
    page = written.get(ONE).text
    assert 'dir="ltr">We were heard</h1>' in page
    assert "Nobody else gets it. Of those who agreed to updates, about 3 have not got it." in page
    assert "It does not stand on the petition's page any more." in page
    with app.app_context():
        assert numbers_of([stored(app)])[stored(app).id].silent == 3
    written.press(f"{ONE}/resume")
    assert stored(app).state == NewsState.CANCELLED


def test_what_was_sent_to_all_can_be_taken_off_the_page(app: Flask, written: Desk, seat: Seat, work: Work) -> None:
    send_at_once(app, written)
    work()
    set_state(app, NewsState.SENT)
    assert "Take it off the petition" in written.get(ONE).text
    assert "Take it off" not in seat(Role.EDITOR, "edda@example.org").get(ONE).text
    written.press(f"{ONE}/cancel")
    assert "We were heard" not in written.get(f"/petitions/{SLUG}").text
    work()
    assert stored(app).all_queued


def test_news_of_another_petition_is_not_there(app: Flask, written: Desk) -> None:
    make_petition(app, slug='"another"')
    assert written.get("/organise/petitions/another/news/1").status_code == 404
    assert written.get(f"{NEWS}/2").status_code == 404
    assert written.get(f"{NEWS}/99999999999999999999").status_code == 404
