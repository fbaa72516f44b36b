"""Numbers that could tell what became of a typed address: viewers see them rounded and hourly, editors exactly."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from app import clock
from app.db import db, transaction
from app.models import Draft, HourlyNumbers, Role, Signature, Visibility
from app.watching import hourly
from app.watching.hourly import round_numbers
from app.watching.numbers import numbers
from app.watching.shares import Choices, Delays, Places, choices, delays, places
from tests.export.listed import add
from tests.factories import make_draft, make_mailbox, make_petition, press_confirm, sign
from tests.html_page import HtmlPage
from tests.mail_server import MailServer, link_in
from tests.watching.organiser import BASE, signed_in
from tests.watching.people import add_people, petition_id_of

pytestmark = pytest.mark.both_databases

TEN = datetime(2027, 11, 20, 10, tzinfo=UTC)  # when the petition is open
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
UNCONFIRMED = {"pending", "declined", "sent", "waiting", "failed"}
Work = Callable[[], int]
At = Callable[[datetime], None]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    """Return a function that sets the clock, which stands at ten o'clock until then; ten is far enough."""

    def set_to(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)

    set_to(TEN)
    monkeypatch.setattr(hourly, "_secrets", lambda which: (10, 5))
    return set_to


def rounded(app: Flask) -> int:
    """Do the job that rounds the numbers; return of how many petitions it did."""
    with app.app_context():
        return round_numbers()


def seen_by(browser: FlaskClient) -> dict[str, int]:
    """Return the numbers that an organiser sees, after checking that the page and the JSON have the same."""
    page = HtmlPage(browser.get(BASE).text)
    shown = {one.get("data-number") or "": int(one.words()) for one in page.elements if one.get("data-number")}
    sent = browser.get(f"{BASE}/numbers.json").json
    assert sent and shown == {name: sent[name] for name in shown}
    assert shown.keys() >= UNCONFIRMED
    return shown


def test_a_viewers_numbers_do_not_move_when_somebody_types_an_address_until_the_next_full_hour(
    app: Flask, client: FlaskClient, petition: str, work: Work, at: At
) -> None:
    for number in range(16):
        sign(client, email=f"early{number}@example.org")
    work()
    viewer, editor = signed_in(app, Role.VIEWER), signed_in(app, Role.EDITOR, email="edith@example.org")
    at(TEN + HOUR)
    assert rounded(app) == 1
    before = seen_by(viewer)
    assert before["pending"] == before["sent"] == 20
    for number in range(14):
        at(TEN + HOUR + (number + 1) * MINUTE)
        sign(client, email=f"late{number}@example.org")
        assert seen_by(viewer) == before
        work()
        assert seen_by(viewer) == before
        exact = seen_by(editor)
        assert exact["pending"] == exact["sent"] == 17 + number
    at(TEN + 2 * HOUR)
    assert seen_by(viewer) == before
    assert rounded(app) == 1
    assert seen_by(viewer) == before | {"pending": 30, "sent": 30}


@pytest.mark.parametrize(("number", "shown"), [(0, 0), (1, 0), (9, 0), (10, 10), (14, 10), (16, 20)])
def test_viewers_see_tens(app: Flask, petition: str, at: At, number: int, shown: int) -> None:
    for which in range(number):
        make_mailbox(app, "draft", f"draft{which}@example.org")
        make_mailbox(app, "declined", f"declined{which}@example.org")
    rounded(app)
    with app.app_context():
        found = numbers(petition_id_of(), exact=False)
    assert (found.pending, found.declined, found.exact) == (shown, shown, False)


def test_a_form_marked_by_a_rare_country_or_language_or_a_long_delay_does_not_show_viewers_that_it_was_confirmed(
    app: Flask, petition: str, at: At
) -> None:
    def shares() -> tuple[Places, Delays | None]:
        with app.app_context():
            return places(petition_id_of(), exact=False), delays(petition_id_of(), exact=False)

    viewer, editor = signed_in(app, Role.VIEWER), signed_in(app, Role.EDITOR, email="edith@example.org")
    marked = {"country": "TV", "language": "fi", "signed_at": TEN - 2 * HOUR, "took": 2 * HOUR}
    add_people(app, 9, **marked)
    at(TEN + HOUR)
    rounded(app)
    before = shares()
    assert before == (Places([], []), None)
    add_people(app, 1, **marked)  # the tenth
    assert shares() == before
    for shown, browser in ((False, viewer), (True, editor)):
        assert ("Tuvalu" in browser.get(BASE).text, "Typically" in browser.get(BASE).text) == (shown, shown)
    at(TEN + 2 * HOUR)
    rounded(app)
    assert shares() == (Places([("TV", 10)], [("fi", 10)]), Delays(10, None, None, (0, 0, 0, 10, 0)))
    assert "Tuvalu" in viewer.get(BASE).text
    assert "Typically" not in viewer.get(BASE).text
    with app.app_context(), transaction() as session:
        session.execute(update(Signature).values(country="SE"))
    at(TEN + 3 * HOUR)
    rounded(app)
    assert shares()[0].countries == [("SE", 10)], "what is gone is shown no longer"


def test_viewers_see_what_signers_chose_rounded_and_hourly(app: Flask, petition: str, at: At) -> None:
    def seen() -> Choices:
        with app.app_context():
            return choices(petition_id_of(), exact=False)

    def chosen(number: int) -> Choices:
        return Choices(number, {Visibility.PUBLIC: 0, Visibility.DELIVERY: number, Visibility.ORGANISERS: 0})

    for which in range(9):
        add(app, email=f"p{which}@example.org", visibility=Visibility.DELIVERY, updates=True)
    rounded(app)
    assert seen() == chosen(0)
    add(app, email="tenth@example.org", visibility=Visibility.DELIVERY, updates=True)
    assert seen() == chosen(0)
    with app.app_context():
        assert choices(petition_id_of(), exact=True) == chosen(10)
    at(TEN + HOUR)
    rounded(app)
    assert seen() == chosen(10)
    tiles = HtmlPage(signed_in(app, Role.VIEWER).get(BASE).text)
    assert "10" in [tile.words().split()[0] for tile in tiles.all("dd")]


def test_before_the_first_rounding_viewers_see_nothing_of_it(
    app: Flask, client: FlaskClient, petition: str, at: At
) -> None:
    at(TEN + 20 * MINUTE)
    sign(client)
    with app.app_context():
        found = asdict(numbers(petition_id_of(), exact=False))
    assert {found[name] for name in UNCONFIRMED} == {0}
    assert found["exact"] is False


def test_an_editor_sees_how_many_mailboxes_have_a_draft_whose_letter_was_sent(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    editor = signed_in(app, Role.EDITOR)
    for address in ("a.nn@gmail.com", "bob@example.org", "ann+again@gmail.com"):
        sign(client, email=address)
    assert (seen_by(editor)["pending"], seen_by(editor)["waiting"]) == (0, 3)
    work()
    assert (seen_by(editor)["pending"], seen_by(editor)["sent"]) == (2, 3)
    sign(client, email="cleo@example.org")
    make_draft(app, email="dora@example.org")
    assert (seen_by(editor)["pending"], seen_by(editor)["waiting"]) == (2, 1)
    press_confirm(client, link_in(mail_server.to("bob@example.org")[0]))
    assert (seen_by(editor)["pending"], seen_by(editor)["verified"]) == (1, 1)


def test_a_draft_that_has_expired_is_not_pending(app: Flask, petition: str, at: At) -> None:
    make_draft(app, expires_at=TEN + MINUTE, code_hash=b"x" * 32)
    for moment, pending in ((TEN, 1), (TEN + MINUTE, 0)):
        at(moment)
        with app.app_context():
            assert numbers(petition_id_of(), exact=True).pending == pending


def test_only_viewers_are_told_that_the_numbers_are_rounded(app: Flask, petition: str) -> None:
    viewer, editor = signed_in(app, Role.VIEWER), signed_in(app, Role.EDITOR, email="edith@example.org")
    assert "rounded to tens" in viewer.get(BASE).text
    assert "rounded to tens" not in editor.get(BASE).text


def test_how_far_a_number_must_move_is_a_secret_that_stays_until_it_has_moved_and_is_another_one_then(
    app: Flask, petition: str, at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # the real ones
    asked: list[str] = []
    secrets = hourly._secrets

    def ask(which: str) -> tuple[int, int]:
        asked.append(which)
        return secrets(which)

    monkeypatch.setattr(hourly, "_secrets", ask)
    for which in range(5):
        for hour in range(3):
            moment = TEN + (which * 3 + hour) * HOUR
            monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
            for number in range(25 if not hour else 0):  # up, and the next time down again
                address = f"draft{number}@example.org"
                if which % 2 == 0:
                    make_mailbox(app, "draft", address)
            if which % 2 and not hour:
                with app.app_context(), transaction() as session:
                    session.execute(delete(Draft))
            rounded(app)
    of_pending = [one for one in asked if " pending " in one]
    assert len(of_pending) == 15
    assert 5 <= len(set(of_pending)) <= 7, "one for each time that the number stood"
    with app.app_context():
        drawn = [secrets(str(number)) for number in range(300)]
    assert {one for one, _ in drawn} == set(range(10, 20))
    assert {one for _, one in drawn} == set(range(10))
    assert len({which for which in asked if " declined " in which}) == 1, "what moves one number draws no other anew"


def test_a_number_that_stands_still_is_never_shown_anew(app: Flask, petition: str, at: At) -> None:
    for which in range(9):
        make_mailbox(app, "draft", f"draft{which}@example.org")
    for hours in range(30):
        at(TEN + hours * HOUR)
        rounded(app)
        with app.app_context():
            assert numbers(petition_id_of(), exact=False).pending == 0


def test_numbers_are_rounded_once_an_hour_for_each_petition(app: Flask, petition: str, at: At) -> None:
    make_petition(app, slug='"another"')

    def written() -> list[tuple[datetime, int]]:
        with app.app_context():
            rows = db.session.scalars(select(HourlyNumbers).order_by(HourlyNumbers.petition_id))
            return [(row.at, row.pending) for row in rows]

    def add_drafts(name: str) -> None:
        for which in range(10):
            make_mailbox(app, "draft", f"{name}{which}@example.org")

    add_drafts("early")
    at(TEN + 5 * MINUTE)
    assert rounded(app) == 2
    assert written() == [(TEN, 10), (TEN, 0)]
    add_drafts("late")
    for minutes in (5, 6, 59):
        at(TEN + minutes * MINUTE)
        assert rounded(app) == 0
    make_petition(app, slug='"newer"')
    assert rounded(app) == 1
    assert written() == [(TEN, 10), (TEN, 0), (TEN, 0)]
    at(TEN + HOUR)
    assert rounded(app) == 3
    assert rounded(app) == 0
    assert written() == [(TEN + HOUR, 20), (TEN + HOUR, 0), (TEN + HOUR, 0)]
