"""Owners are told of each change of an opened petition, with the words that differ, and never flooded."""

import io
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app import clock
from app.db import db, transaction
from app.models import OutboxProgress, OutboxRow, Role
from tests.factories import SLUG, make_petition, sign
from tests.mail_server import MailServer, text_of
from tests.publishing.conftest import PLACE, Desk, Seat
from tests.publishing.test_image import encoded

pytestmark = pytest.mark.both_databases

At = Callable[[timedelta], None]
Work = Callable[[], int]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> At:
    """Return a function that sets the clock so much later than it is."""
    begun = clock.now()

    def set_to(after: timedelta) -> None:
        now = begun + after
        monkeypatch.setattr(clock, "now", lambda: now)

    return set_to


def test_a_change_of_words_comes_with_the_difference(
    desk: Desk, seat: Seat, mail_server: MailServer, work: Work
) -> None:
    seat(Role.OWNER, "otto@example.org")
    editor = seat(Role.EDITOR, "eddi@example.org")
    before = editor.form(f"{PLACE}/words")["statement"]
    editor.send(f"{PLACE}/words", statement=before.replace("open", "closed"), title="Close the test library")
    work()
    assert sorted(letter["To"] for letter in mail_server.letters) == ["olga@example.org", "otto@example.org"]
    assert mail_server.letters[0]["Subject"] == "Your petition was changed: Close the test library"
    text = text_of(mail_server.letters[0])
    for words in (
        "- the title",
        "- what people sign",
        "The words in English",
        "- open",
        "+ closed",
        "- Save",
        "+ Close",
    ):
        assert words in text
    assert "the reasons" not in text
    html = text_of(mail_server.letters[0], "html")
    assert "<del>open</del><ins>closed</ins>" in html
    assert f"/organise/petitions/{SLUG}/log" in html


def test_what_follows_within_the_hour_comes_together_in_one(
    desk: Desk, mail_server: MailServer, work: Work, later: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(60):
        desk.send(f"{PLACE}/trust", contact=f"contact{number}@example.org")
        if number == 0:
            work()
            assert len(mail_server.letters) == 1, "the first is told at once"
    desk.send(f"{PLACE}/words", body="Other reasons.")
    later(timedelta(minutes=50))
    work()
    assert len(mail_server.letters) == 1
    later(timedelta(minutes=61))
    work()
    assert len(mail_server.letters) == 2
    assert "- where signers can write to" in text_of(mail_server.letters[1])
    assert "- the reasons" in text_of(mail_server.letters[1])


def test_long_after_the_last_it_is_told_at_once_again(
    app: Flask, desk: Desk, mail_server: MailServer, work: Work
) -> None:
    desk.send(f"{PLACE}/trust", contact="other@example.org")
    work()
    with app.app_context(), transaction() as session:
        session.execute(update(OutboxRow).values(due_at=clock.now() - timedelta(hours=3)))
    desk.send(f"{PLACE}/words", body="Reasons again.")
    work()
    assert len(mail_server.letters) == 2
    assert "where signers can write to" not in text_of(mail_server.letters[1])


def test_one_that_a_mail_server_refuses_holds_up_nobody_elses(
    app: Flask, desk: Desk, seat: Seat, mail_server: MailServer, work: Work, later: At
) -> None:
    seat(Role.OWNER, "otto@example.org")
    mail_server.answer = lambda recipient: "450 later" if recipient == "otto@example.org" else None
    desk.send(f"{PLACE}/words", body="One.")
    work()
    with app.app_context(), transaction() as session:
        waiting = OutboxRow.progress == OutboxProgress.WAITING
        session.execute(update(OutboxRow).where(waiting).values(due_at=clock.now() + timedelta(hours=12)))
    desk.send(f"{PLACE}/words", body="Two.")
    later(timedelta(minutes=61))
    work()
    assert [text_of(letter).count("+ Two") for letter in mail_server.to("olga@example.org")] == [0, 1]


def test_what_a_worker_has_in_hand_tells_nothing_of_a_later_change(app: Flask, desk: Desk) -> None:
    def waiting() -> list[datetime]:
        with app.app_context():
            rows = select(OutboxRow).where(OutboxRow.progress == OutboxProgress.WAITING)
            return [row.queued_at for row in db.session.scalars(rows)]

    desk.send(f"{PLACE}/words", body="One.")
    desk.send(f"{PLACE}/words", body="Two.")
    assert len(waiting()) == 1
    with app.app_context(), transaction() as session:
        session.execute(update(OutboxRow).values(claim=b"c" * 16, leased_until=clock.now() + timedelta(minutes=1)))
    desk.send(f"{PLACE}/words", body="Three.")
    assert len(waiting()) == 2


def test_they_go_after_what_signers_wait_for(
    desk: Desk, client: FlaskClient, mail_server: MailServer, work: Work
) -> None:
    desk.send(f"{PLACE}/trust", contact="other@example.org")
    sign(client, email="signer@example.org")
    work()
    assert [letter["To"] for letter in mail_server.letters] == ["signer@example.org", "olga@example.org"]


def test_of_a_discreet_petition_no_words_are_in_it(app: Flask, seat: Seat, mail_server: MailServer, work: Work) -> None:
    make_petition(app, discreet="true")
    seat().send(f"{PLACE}/words", statement="We ask for the test library.", title="Hidden title")
    work()
    whole = mail_server.letters[0].as_string().lower()
    assert "library" not in whole
    assert "hidden" not in whole
    assert "what people sign" in whole


def test_of_what_became_of_it_they_are_told_too(desk: Desk, seat: Seat, mail_server: MailServer, work: Work) -> None:
    editor = seat(Role.EDITOR, "eddi@example.org")
    desk.press(f"{PLACE}/close")
    assert editor.send(f"{PLACE}/outcome", outcome="We have won!").status_code == 303
    work()
    assert "- What became of it" in text_of(mail_server.letters[-1])


def test_of_all_else_that_people_read_they_are_told_by_name(
    desk: Desk, seat: Seat, mail_server: MailServer, work: Work
) -> None:
    editor = seat(Role.EDITOR, "eddi@example.org")
    changes = {
        "Started by": {"started_by": "Others", "started_on": "2026-11-01"},
        "How the form's questions are called": {"country_label": "Country of origin"},
        "Initiators": {"initiators-0-name": "A Club"},
        "Links": {"links-0-title": "A report", "links-0-url": "https://example.org/report"},
        "Paper and other signatures": {"elsewhere-count": "212", "elsewhere-source": "on paper"},
    }
    for fields in changes.values():
        assert editor.send(f"{PLACE}/details", **fields).status_code == 303
    assert editor.send(f"{PLACE}/words", thanks="Tell your neighbours.").status_code == 303
    assert editor.send(f"{PLACE}/details", goal="500").status_code == 303
    work()
    text, html = text_of(mail_server.letters[0]), text_of(mail_server.letters[0], "html")
    for name in (*changes, "Started on", "Words of thanks"):
        assert f"- {name}\r\n" in text
        assert f"<li>{name}</li>" in unescape(html)
    assert "Goal" not in text
    assert "The words in English" not in text


def test_of_another_image_they_are_told_too_and_of_the_same_one_not(
    desk: Desk, mail_server: MailServer, work: Work, app: Flask
) -> None:
    for _ in range(2):
        photo = (io.BytesIO(encoded()), "photo.jpg")
        desk.press(f"{PLACE}/image", file=photo, alt="Red shelves")
    work()
    assert "- Image\r\n" in text_of(mail_server.letters[0])
    with app.app_context(), transaction() as session:
        session.execute(update(OutboxRow).values(due_at=clock.now() - timedelta(hours=3)))
    desk.press(f"{PLACE}/image", alt="Red shelves")
    work()
    assert len(mail_server.letters) == 1
    desk.press(f"{PLACE}/image/remove")
    work()
    assert len(mail_server.letters) == 2


def test_a_draft_is_nobodys_news(draft: Desk, mail_server: MailServer, work: Work) -> None:
    draft.send(f"{PLACE}/words", statement="We ask.")
    draft.press(f"{PLACE}/image", file=(io.BytesIO(encoded()), "photo.jpg"), alt="Red shelves")
    work()
    assert not mail_server.letters


def test_who_is_no_owner_any_more_when_it_leaves_gets_none(
    desk: Desk, seat: Seat, mail_server: MailServer, work: Work
) -> None:
    otto = seat(Role.OWNER, "otto@example.org")
    desk.send(f"{PLACE}/words", body="One.")
    otto.press(f"{PLACE}/leave")
    work()
    assert [letter["To"] for letter in mail_server.letters] == ["olga@example.org"]
