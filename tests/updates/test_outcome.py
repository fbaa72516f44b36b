"""Only a closed petition has an outcome, and the owners see that news is to stand as it before it does."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select, update

from app import clock
from app.db import db, transaction
from app.models import Petition, Role
from tests.factories import SLUG
from tests.publishing.conftest import Desk, Seat
from tests.updates.conftest import later, stored, want_no_notices
from tests.updates.test_pages import NEWS, ONE, ask

Work = Callable[[], int]
TOLD = "also stands at the top of the petition"


def write_outcome(desk: Desk) -> None:
    more = {"title_en": "We were heard", "body_en": "They **listened**.", "is_outcome": "y"}
    assert desk.client.post(ONE, data=desk.form(ONE, "title_en") | more).status_code == 303


def set_closed(app: Flask, *, to: bool) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(Petition).values(closes_at=clock.now() if to else None))


def outcome(app: Flask) -> object:
    with app.app_context():
        return db.session.scalars(select(Petition.outcome)).one()


@pytest.mark.parametrize("when", ["never closed", "opened again"])
def test_what_an_editor_marks_as_the_outcome_of_an_open_petition_is_none(
    app: Flask, desk: Desk, seat: Seat, work: Work, when: str
) -> None:
    want_no_notices(app)
    desk.press(NEWS)
    set_closed(app, to=when == "opened again")
    write_outcome(seat(Role.EDITOR, "edda@example.org"))
    assert stored(app).is_outcome == (when == "opened again")
    set_closed(app, to=False)
    assert TOLD not in desk.get(f"{ONE}/send").text
    ask(desk)
    assert not stored(app).is_outcome
    later(app)
    work()
    assert outcome(app) is None
    assert "What became of it" not in desk.get(f"/petitions/{SLUG}").text


def test_owners_see_that_news_is_to_be_the_outcome_before_and_after_they_ask(
    app: Flask, desk: Desk, work: Work
) -> None:
    want_no_notices(app)
    desk.press(NEWS)
    set_closed(app, to=True)
    write_outcome(desk)
    assert TOLD in desk.get(f"{ONE}/send").text
    ask(desk)
    assert TOLD in desk.get(ONE).text
    later(app)
    work()
    assert outcome(app) == {"en": "They **listened**."}
