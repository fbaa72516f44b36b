"""News pauses itself when too many of its e-mails come back or are complained about, and tells the owners."""

from collections.abc import Callable

import pytest
from flask import Flask

from app.models import NewsState, PauseReason
from app.petitions.news_numbers import Trouble
from app.updates import watch
from app.updates.watch import why_to_pause
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
    from app.updates import queue, send

    monkeypatch.setattr(queue, "WINDOW", 6)
    agree(app, *(f"none{number}@example.org" for number in range(12)))
    mail_server.answer = lambda recipient: "550 5.1.1 no such user" if recipient.startswith("none") else None
    make_news()
    with app.app_context():
        queue.send_news()
    work()  # sends six
    with app.app_context():
        assert watch.pause_if_troubled(stored(app).id)
    work()
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
