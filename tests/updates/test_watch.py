"""News pauses itself when too many of its e-mails come back or are complained about, and tells the owners."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from app import clock
from app.db import transaction
from app.models import NewsState, OutboxRow, PauseReason, Returned
from app.outbox.deliver import deliver
from app.outbox.returned import record_returned
from app.petitions.news_numbers import Trouble
from app.updates import queue, send, watch
from app.updates.watch import why_to_pause
from app.worker import LETTERS
from tests.mail_server import MailServer, text_of
from tests.updates.conftest import Make, agree, stored

Work = Callable[[], int]


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (Trouble(left=1000, bounced=50, complained=1), None),
        (Trouble(left=1000, bounced=51, complained=0), PauseReason.BOUNCES),
        (Trouble(left=2001, bounced=0, complained=2), None),
        (Trouble(left=1999, bounced=0, complained=2), PauseReason.COMPLAINTS),
        (Trouble(left=3, bounced=1, complained=1), None),
        (Trouble(left=6, bounced=5, complained=0), PauseReason.BOUNCES),
    ],
)
def test_more_than_one_in_a_thousand_complaints_or_one_in_twenty_bounces_pause_it(
    trouble: Trouble, reason: PauseReason | None
) -> None:
    assert why_to_pause(trouble) == reason


@pytest.mark.both_databases
def test_it_pauses_by_itself_says_so_and_goes_on_when_an_owner_says_so(
    app: Flask, make_news: Make, mail_server: MailServer, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "WINDOW", 6)
    agree(app, *(f"none{number}@example.org" for number in range(12)))
    mail_server.answer = lambda recipient: "550 5.1.1 no such user" if recipient.startswith("none") else None
    make_news()
    with app.app_context():
        queue.send_news()
    work()  # sends six
    assert stored(app).state == NewsState.SENDING
    work()  # pauses it before it queues more
    news = stored(app)
    assert (news.state, news.pause_reason) == (NewsState.PAUSED, PauseReason.BOUNCES)
    told = [letter for letter in mail_server.letters if "paused" in letter["Subject"]]
    assert sorted(letter["To"] for letter in told) == ["other@example.org", "owner@example.org"]
    assert "More than one in twenty" in text_of(told[0])
    mail_server.answer = lambda recipient: None
    with app.app_context():
        assert news.asked_by
        assert send.resume(news.petition_id, news.asked_by, 1)
    for _ in range(3):
        work()
    assert stored(app).state == NewsState.SENT, "what came back before does not pause it again"
    assert len([letter for letter in mail_server.letters if letter["To"].startswith("none")]) == 6


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("kind", "reason"), [(Returned.HARD, PauseReason.BOUNCES), (Returned.COMPLAINT, PauseReason.COMPLAINTS)]
)
def test_what_comes_back_later_pauses_it_and_ends_e_mails_to_that_mailbox(
    app: Flask, make_news: Make, mail_server: MailServer, work: Work, kind: Returned, reason: PauseReason
) -> None:
    agree(app, *(f"person{number}@example.org" for number in range(8)))
    make_news()
    with app.app_context():
        queue.send_news()
    while deliver_some(app):
        pass
    with app.app_context(), transaction() as session:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.news_id.is_not(None)).order_by(OutboxRow.id)).all()
        for row in rows[:5]:
            record_returned(session, row, kind, clock.now())
    with app.app_context():
        assert watch.pause_if_troubled(stored(app).id)
    assert stored(app).pause_reason == reason
    mail_server.reset()
    make_news()
    work()
    again = [letter["To"] for letter in mail_server.letters if letter["To"].startswith("person")]
    assert sorted(again) == ["person5@example.org", "person6@example.org", "person7@example.org"]


def deliver_some(app: Flask) -> int:
    with app.app_context():
        return deliver(LETTERS)
