"""Which letter without a proof of work goes when: what will never go takes no place, and networks take turns."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db import db
from app.models import OutboxProgress, OutboxRow
from app.outbox import slow_lane
from tests.factories import hidden_fields, make_mailbox, sign
from tests.mail_server import MailServer, link_in
from tests.outbox.test_deliver import Work
from tests.outbox.test_slow_lane import HOUR, Clock, flood, number_in, time

__all__ = ["time"]

pytestmark = pytest.mark.both_databases

MOST = 10


@pytest.fixture(autouse=True)
def short_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten letters an hour instead of sixty."""
    monkeypatch.setattr(slow_lane, "MAX_PER_HOUR", MOST)


@pytest.fixture
def full(client: FlaskClient, petition: str, work: Work, time: Clock) -> None:
    """All letters of the hour have gone out."""
    flood(client, MOST)
    work()


def due(app: Flask) -> list[OutboxRow]:
    """Return the e-mails that have a place in the lane."""
    with app.app_context():
        waiting = select(OutboxRow).where(OutboxRow.progress == OutboxProgress.WAITING)
        return list(db.session.scalars(waiting.where(OutboxRow.deferred_until.is_not(None)).order_by(OutboxRow.id)))


def test_a_hundred_and_twenty_forms_for_one_mailbox_take_one_place(
    app: Flask, client: FlaskClient, full: None, mail_server: MailServer, work: Work, time: Clock
) -> None:
    fields = hidden_fields(client.get("/petitions/save-the-test-library").text)
    said = {"name": "Ann", "country": "SE", "email": "victim@example.org", "visibility": "public", **fields}
    for which in range(120):
        somewhere = {"REMOTE_ADDR": f"10.9.{which}.1"}
        client.post("/petitions/save-the-test-library/sign", data=said, environ_base=somewhere)
    work()
    assert len(due(app)) == 1
    sign(client, email="honest@example.org", where="192.0.2.1")
    work()
    victim, honest = due(app)
    assert victim.due_at == time.now + HOUR
    assert honest.due_at == victim.due_at + HOUR / MOST
    time.forward(HOUR)
    work()
    time.forward(HOUR / MOST)
    work()
    sent = [letter["To"] for letter in mail_server.letters[MOST:]]
    assert sent[0] == "victim@example.org"
    assert "honest@example.org" in sent, "in its minute, whatever else went out"


@pytest.mark.parametrize("is_declined", [False, True])
def test_a_fourth_form_of_the_day_takes_no_place(
    app: Flask, client: FlaskClient, petition: str, work: Work, is_declined: bool
) -> None:
    if is_declined:
        make_mailbox(app, "declined", "ann@example.org")
    for _ in range(3):
        sign(client)
    work()
    flood(client, MOST, name="early")
    work()
    before = len(due(app))
    sign(client)
    work()
    assert len(due(app)) == before


def hours_go_by(work: Work, time: Clock, hours: int) -> None:
    for _ in range(hours * MOST):
        work()
        time.forward(HOUR / MOST)


def test_a_form_in_her_name_that_is_taken_back_takes_nothing_from_hers(
    app: Flask, client: FlaskClient, full: None, mail_server: MailServer, work: Work, time: Clock
) -> None:
    page = sign(client, email="victim@example.org", name="Mallory Example", where="203.0.113.5").location
    work()
    sign(client, email="victim@example.org", name="Victor Example", where="192.0.2.77")
    work()
    assert len(due(app)) == 1
    sent_on = client.post(page, data={"email": "m@example.com"}, environ_base={"REMOTE_ADDR": "203.0.113.5"})
    assert sent_on.status_code == 303
    hours_go_by(work, time, 4)
    (letter,) = mail_server.to("victim@example.org")
    assert "Victor Example" in client.get(link_in(letter)).text


def test_forms_in_her_name_that_are_taken_back_again_and_again_keep_nothing_from_her(
    app: Flask, client: FlaskClient, full: None, mail_server: MailServer, work: Work, time: Clock
) -> None:
    pages = [sign(client, email="victim@example.org", name="Mallory Example", where="203.0.113.5").location]
    work()
    sign(client, email="victim@example.org", name="Victor Example", where="192.0.2.77")
    work()
    for turn in range(2 * MOST):
        somewhere = f"198.51.{turn}.7"
        pages.append(sign(client, email="victim@example.org", name="Mallory Example", where=somewhere).location)
        work()
        sent_on = {"email": f"m{turn}@example.com"}
        client.post(pages.pop(0), data=sent_on, environ_base={"REMOTE_ADDR": somewhere})
        time.forward(HOUR / MOST)
    first = mail_server.to("victim@example.org")[0]
    assert "Victor Example" in client.get(link_in(first)).text


def test_a_form_in_her_name_does_not_make_hers_wait_for_the_strangers_turn(
    app: Flask, client: FlaskClient, full: None, mail_server: MailServer, work: Work, time: Clock
) -> None:
    for which in range(25):
        sign(client, email=f"junk{which}@example.org", where="10.200.0.1")
    sign(client, email="victim@example.org", name="Mallory Example", where="10.200.0.1")
    work()
    work()
    sign(client, email="victim@example.org", name="Victor Example", where="192.0.2.77")
    work()
    for which in range(5):
        sign(client, email=f"other{which}@example.org", where=f"192.0.2.{which}")
    work()
    hours_go_by(work, time, 10)
    order = [letter["To"] for letter in mail_server.letters[MOST:]]
    assert order.index("victim@example.org") <= 2
    shown = [client.get(link_in(letter)).text for letter in mail_server.to("victim@example.org")]
    assert len(shown) == 2, "each form has its letter"
    assert "Victor Example" in shown[1]


def test_of_a_hundred_and_twenty_forms_three_letters_go_out_and_the_rest_ends(
    app: Flask, client: FlaskClient, full: None, mail_server: MailServer, work: Work, time: Clock
) -> None:
    for which in range(20):
        sign(client, email="victim@example.org", where=f"10.9.{which}.1")
    hours_go_by(work, time, 4)
    assert len(mail_server.to("victim@example.org")) == 3
    assert due(app) == []
    with app.app_context():
        left = select(OutboxRow.id).where(OutboxRow.progress == OutboxProgress.WAITING)
        assert db.session.scalars(left).all() == []


def test_the_networks_of_one_ipv6_allocation_have_one_turn(
    app: Flask, client: FlaskClient, full: None, mail_server: MailServer, work: Work, time: Clock
) -> None:
    for which in range(12):
        sign(client, email=f"flood{which}@example.org", where=f"2001:db8:7:{which * 256:x}::1")
    sign(client, email="honest@example.org", where="2001:db8:8::1")
    work()
    time.forward(HOUR)
    before = len(mail_server.letters)
    for _ in range(3):
        work()
        time.forward(HOUR / MOST)
    assert "honest@example.org" in [letter["To"] for letter in mail_server.letters[before:]]
    with app.app_context():
        left = select(OutboxRow.lane_key).where(OutboxRow.allowed_at.is_not(None))
        assert set(db.session.scalars(left)) == {None}, "no trace of a network stays"


def test_networks_take_turns(
    app: Flask, client: FlaskClient, full: None, mail_server: MailServer, work: Work, time: Clock
) -> None:
    for which in range(30):
        sign(client, email=f"flood{which}@example.org", where="10.200.0.1")
    work()
    for which in range(3):
        sign(client, email=f"honest{which}@example.org", where=f"192.0.2.{which}")
    work()
    time.forward(HOUR)
    for _ in range(4):
        work()
        time.forward(HOUR / MOST)
    sent = [letter["To"].partition("@")[0] for letter in mail_server.letters[MOST:]]
    assert sent[0] == "flood0"
    assert [one for one in sent if "honest" in one] == ["honest0", "honest1", "honest2"]
    assert len(sent) == 4 + 3


@pytest.mark.parametrize("forms_for_a_mailbox", [1, 3])
def test_more_forms_for_a_mailbox_keep_nobody_else_waiting_longer(
    client: FlaskClient, full: None, mail_server: MailServer, work: Work, time: Clock, forms_for_a_mailbox: int
) -> None:
    for which in range(30):
        mailbox = which // forms_for_a_mailbox
        sign(client, email=f"flood{mailbox}@example.org", where=f"10.{200 + mailbox % 5}.0.1")
        if which % 10 == 9:
            work()
    for which in range(3):
        sign(client, email=f"honest{which}@example.org", where="192.0.2.1")
    work()
    hours_go_by(work, time, 5)
    order = [letter["To"].partition("@")[0] for letter in mail_server.letters[MOST:]]
    places = [order.index(f"honest{which}") for which in range(3)]
    # Of each of five networks one goes before her first, and one more before each of her next.
    assert all(place <= 5 * (turn + 1) + turn for turn, place in enumerate(places)), places


def test_of_one_network_the_first_form_goes_first(
    app: Flask, client: FlaskClient, full: None, mail_server: MailServer, work: Work, time: Clock
) -> None:
    for which in range(5):
        sign(client, email=f"person{which}@example.org", where="10.200.0.1")
    work()
    time.forward(HOUR)
    for _ in range(6):
        work()
        time.forward(timedelta(minutes=6))
    assert [letter["To"] for letter in mail_server.letters[MOST:]] == [f"person{n}@example.org" for n in range(5)]
    assert number_in(app, OutboxProgress.WAITING) == 0


@pytest.mark.parametrize("is_taken_back", [False, True])
def test_many_forms_in_her_name_from_a_network_that_waits_long_do_not_keep_hers_waiting(
    client: FlaskClient, full: None, mail_server: MailServer, work: Work, time: Clock, is_taken_back: bool
) -> None:
    for which in range(40):  # four hours of letters from one network
        sign(client, email=f"junk{which}@example.org", where=f"2001:db8:7:{which % 10 * 256:x}::1")
        if which % 20 == 19:
            work()
    stranger = {"REMOTE_ADDR": "2001:db8:7:a00::1"}
    pages = [sign(client, email="victim@example.org", name="Mallory", where="2001:db8:7:a00::1").location for _ in "12"]
    work()
    if is_taken_back:
        assert pages[0]
        client.post(pages[0], data={"email": "mallory@example.com"}, environ_base=stranger)
    sign(client, email="victim@example.org", name="Ann Example", where="192.0.2.77")
    for _ in range(2 * 60):
        work()
        links = [link_in(letter) for letter in mail_server.to("victim@example.org")]
        if any("Ann Example" in client.get(link).text for link in links):
            return
        time.forward(HOUR / 60)
    raise AssertionError("hers has not come within two hours")
