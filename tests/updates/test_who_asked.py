"""News goes out only if an owner answers for it when it comes due; else it is a draft again, and its page says why."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import delete

from app.db import db, transaction
from app.models import Membership, NewsState, Organiser, Role
from app.organisers.members import end_account
from tests.mail_server import MailServer
from tests.organisers.people import organiser
from tests.publishing.conftest import PLACE, Desk, Seat
from tests.updates.conftest import agree, later, stored, want_no_notices
from tests.updates.test_pages import NEWS, ONE, acts, ask, consent, write

pytestmark = pytest.mark.both_databases

Work = Callable[[], int]
THIEF, OTHER = "thief@example.org", "otto@example.org"
SIGNER = "ann@example.net"


@pytest.fixture
def thief(app: Flask, petition: str, seat: Seat) -> Desk:
    """The browser of an owner, beside another, who has asked to send news."""
    agree(app, SIGNER)
    seat(Role.OWNER, OTHER)
    desk = seat(Role.OWNER, THIEF)
    want_no_notices(app)
    desk.press(NEWS)
    write(desk, "Send money", "to me")
    assert ask(desk).status_code == 303
    return desk


def remove(app: Flask, other: Desk, whom: str) -> None:
    other.press(f"{PLACE}/members/{organiser(app, whom).public_id.hex()}/remove")


def give_a_lesser_role(app: Flask, other: Desk, whom: str) -> None:
    other.press(f"{PLACE}/members/{organiser(app, whom).public_id.hex()}/role", role="editor")


def end(app: Flask, other: Desk, whom: str) -> None:
    with app.app_context():
        who = organiser(app, whom)
        end_account(who.id, db.session.get_one(Organiser, who.id))


def alter(app: Flask, other: Desk, whom: str) -> None:
    """Take the role away without a lock or a line in the log, as a writer of the database could."""
    with app.app_context(), transaction() as session:
        session.execute(delete(Membership).where(Membership.organiser_id == organiser(app, whom).id))


@pytest.mark.parametrize("lose", [remove, give_a_lesser_role, end, alter])
def test_news_of_somebody_who_is_no_owner_any_more_is_a_draft_again_when_it_comes_due(
    app: Flask,
    thief: Desk,
    seat: Seat,
    mail_server: MailServer,
    work: Work,
    lose: Callable[[Flask, Desk, str], None],
) -> None:
    other = seat(Role.OWNER, OTHER)
    lose(app, other, THIEF)
    later(app)
    work()
    work()
    assert not mail_server.to(SIGNER)
    assert (stored(app).state, stored(app).asked_by, stored(app).began_at) == (NewsState.DRAFT, None, None)
    assert "is no longer an owner. Look at it, and ask again." in other.get(ONE).text
    assert acts(app)[-1] == "taken back"
    assert "a draft again, as whoever asked to send it is no longer an owner" in other.get(f"{PLACE}/log").text
    assert ask(other).status_code == 303
    other.press(f"{ONE}/cancel")
    assert "is no longer an owner" not in other.get(ONE).text, "somebody else has asked since"


def test_news_goes_out_that_another_owner_consented_to_before_who_asked_was_removed(
    app: Flask, thief: Desk, seat: Seat, mail_server: MailServer, work: Work
) -> None:
    other = seat(Role.OWNER, OTHER)
    assert consent(other).status_code == 303
    remove(app, other, THIEF)
    work()
    assert mail_server.to(SIGNER)


def test_the_consent_of_somebody_who_is_no_owner_any_more_lets_nothing_out(
    app: Flask, thief: Desk, seat: Seat, mail_server: MailServer, work: Work
) -> None:
    assert consent(seat(Role.OWNER, OTHER)).status_code == 303
    remove(app, thief, OTHER)
    work()
    assert not mail_server.to(SIGNER)
    assert stored(app).state == NewsState.DRAFT


def test_news_of_an_owner_goes_out(app: Flask, thief: Desk, mail_server: MailServer, work: Work) -> None:
    later(app)
    work()
    assert mail_server.to(SIGNER)
