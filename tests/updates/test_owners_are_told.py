"""When an owner asks to send news, the others are told by an e-mail that nobody can switch off."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.db import db, transaction
from app.models import Occasion, OutboxRow, Petition, Role
from app.outbox.enqueue import PRIORITY, PRIORITY_OF_ORGANISERS
from app.web.template_filters import format_moment
from tests.mail_server import MailServer, link_in, text_of
from tests.publishing.conftest import Desk, Seat
from tests.updates.conftest import agree, later, stored, want_no_notices
from tests.updates.test_outcome import TOLD, set_closed, write_outcome
from tests.updates.test_pages import NEWS, ask, write

pytestmark = pytest.mark.both_databases

Work = Callable[[], int]


@pytest.fixture
def written(app: Flask, desk: Desk, seat: Seat) -> Desk:
    """The browser of an owner who has written news, beside two others, and an editor."""
    for email in ("otto@example.org", "ottilie@example.org"):
        seat(Role.OWNER, email)
    seat(Role.EDITOR, "edda@example.org")
    want_no_notices(app)
    desk.press(NEWS)
    write(desk)
    return desk


def test_the_other_owners_are_told_who_asked_for_what_when_it_goes_and_where_to_stop_it(
    app: Flask, written: Desk, seat: Seat, mail_server: MailServer, work: Work
) -> None:
    ask(written)
    work()
    assert sorted(one["To"] for one in mail_server.letters) == ["ottilie@example.org", "otto@example.org"]
    (letter,) = mail_server.to("otto@example.org")
    assert letter["Subject"] == "News is to be sent: We were heard"
    for part in (text_of(letter), text_of(letter, "html")):
        for words in ("olga@example.org", "We were heard", format_due(app)):
            assert words in part
        assert TOLD not in part
    other = seat(Role.OWNER, "otto@example.org")
    page = link_in(letter, "organise")
    assert "I consent" in other.get(page).text
    assert other.press(f"{page}/cancel").status_code == 303
    assert stored(app).state == "draft"


def format_due(app: Flask) -> str:
    due = stored(app).due_at
    assert due
    with app.test_request_context():
        return format_moment(due)


def test_they_are_told_that_it_is_to_be_the_outcome(
    app: Flask, written: Desk, mail_server: MailServer, work: Work
) -> None:
    set_closed(app, to=True)
    write_outcome(written)
    ask(written)
    work()
    for letter in mail_server.letters:
        assert TOLD in text_of(letter)
        assert TOLD in text_of(letter, "html")


def test_an_only_owner_gets_none(app: Flask, desk: Desk, seat: Seat, mail_server: MailServer, work: Work) -> None:
    seat(Role.EDITOR, "edda@example.org")
    want_no_notices(app)
    desk.press(NEWS)
    write(desk)
    ask(desk)
    work()
    assert not mail_server.letters


def test_of_a_discreet_petition_the_e_mail_names_neither_it_nor_its_news(
    app: Flask, written: Desk, mail_server: MailServer, work: Work
) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(Petition).values(discreet=True))
    ask(written)
    work()
    letter = mail_server.to("otto@example.org")[0]
    assert letter["Subject"] == "News is to be sent"
    for part in (text_of(letter), text_of(letter, "html")):
        for secret in ("heard", "library", "/petitions/"):
            assert secret not in part
        assert "olga@example.org" in part


def test_they_are_told_after_what_signers_wait_for_and_before_any_signer_gets_it(
    app: Flask, written: Desk, seat: Seat, mail_server: MailServer, work: Work
) -> None:
    agree(app, "ann@example.net")
    ask(written)
    with app.app_context():
        ranks = set(db.session.scalars(select(OutboxRow.priority).where(OutboxRow.occasion == Occasion.ORGANISER)))
    assert ranks == {PRIORITY_OF_ORGANISERS}
    assert PRIORITY[Occasion.SIGNED] < PRIORITY_OF_ORGANISERS < PRIORITY[Occasion.NEWS]
    later(app)
    work()
    assert [one["To"] for one in mail_server.letters][-1] == "ann@example.net"
    assert len(mail_server.letters) == 3
