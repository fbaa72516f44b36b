"""Consent to news takes another owner, and one from before it was asked for: no accomplice who is made one for it."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import update

from app.db import transaction
from app.models import Membership, NewsState, Role
from tests.organisers.people import organiser
from tests.publishing.conftest import PLACE, Desk, Seat
from tests.updates.conftest import stored, want_no_notices
from tests.updates.test_pages import NEWS, ONE, ask, consent, write

pytestmark = pytest.mark.both_databases

ACCOMPLICE = "accomplice@example.net"
LATE = "You became an owner after it was asked for"
Way = Callable[[Flask, Desk, Desk], None]


@pytest.fixture
def written(app: Flask, desk: Desk, seat: Seat) -> Desk:
    """The browser of an owner, beside another, who has written news."""
    seat(Role.OWNER, "otto@example.org")
    want_no_notices(app)
    desk.press(NEWS)
    write(desk)
    return desk


def invite(owner: Desk) -> None:
    form = owner.form(f"{PLACE}/members", "email")
    answer = owner.client.post(f"{PLACE}/members", data=form | {"email": ACCOMPLICE, "role": "owner"})
    assert answer.status_code == 303


def invited_before_and_joins_after(app: Flask, owner: Desk, accomplice: Desk) -> None:
    invite(owner)
    ask(owner)
    assert accomplice.press(f"{PLACE}/accept").status_code == 303


def invited_after(app: Flask, owner: Desk, accomplice: Desk) -> None:
    ask(owner)
    invite(owner)
    assert accomplice.press(f"{PLACE}/accept").status_code == 303


def was_an_editor(app: Flask, owner: Desk, accomplice: Desk) -> None:
    form = owner.form(f"{PLACE}/members", "email")
    owner.client.post(f"{PLACE}/members", data=form | {"email": ACCOMPLICE, "role": "editor"})
    assert accomplice.press(f"{PLACE}/accept").status_code == 303
    ask(owner)
    member = f"{PLACE}/members/{organiser(app, ACCOMPLICE).public_id.hex()}"
    assert owner.press(f"{member}/role", role="owner").status_code == 303


@pytest.mark.parametrize("way", [invited_before_and_joins_after, invited_after, was_an_editor])
def test_whoever_becomes_an_owner_after_it_was_asked_for_may_stop_it_and_not_consent(
    app: Flask, written: Desk, seat: Seat, way: Way
) -> None:
    accomplice = seat(None, ACCOMPLICE)
    way(app, written, accomplice)
    page = accomplice.get(ONE).text
    assert LATE in page
    assert "I consent" not in page
    accomplice.press(f"{ONE}/consent", revision="1")
    assert (stored(app).state, stored(app).consented_by) == (NewsState.ASKED, None)
    other = seat(Role.OWNER, "otto@example.org")
    assert "I consent" in other.get(ONE).text
    assert accomplice.press(f"{ONE}/cancel").status_code == 303
    assert stored(app).state == NewsState.DRAFT
    ask(written)
    assert consent(accomplice).status_code == 303
    assert stored(app).consented_by, "an owner from before it was asked for anew"


@pytest.mark.parametrize("way", ["the same role", "invited again"])
def test_an_owner_stays_one_whoever_gives_them_the_role_again(app: Flask, written: Desk, seat: Seat, way: str) -> None:
    ask(written)
    form = written.form(f"{PLACE}/members", "email")
    if way == "invited again":
        written.client.post(f"{PLACE}/members", data=form | {"email": "otto@example.org", "role": "owner"})
    else:
        member = f"{PLACE}/members/{organiser(app, 'otto@example.org').public_id.hex()}"
        written.press(f"{member}/role", role="owner")
    consent(seat(Role.OWNER, "otto@example.org"))
    assert stored(app).consented_by


def test_an_owner_from_before_it_was_kept_since_when_may_consent(app: Flask, written: Desk, seat: Seat) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(Membership).values(role_since=None))
    ask(written)
    consent(seat(Role.OWNER, "otto@example.org"))
    assert stored(app).consented_by


def test_who_asked_reads_that_another_owner_has_to_consent(app: Flask, written: Desk) -> None:
    ask(written)
    assert "You asked for it yourself, so you cannot consent." in written.get(ONE).text


def test_an_editor_is_not_asked(app: Flask, written: Desk, seat: Seat) -> None:
    ask(written)
    page = seat(Role.EDITOR, "edda@example.org").get(ONE).text
    assert "consent:" not in page
    assert "cannot consent" not in page
