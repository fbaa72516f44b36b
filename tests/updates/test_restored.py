"""After a restore nobody knows who has got news since the backup, so it does not go on, and nobody gets it twice."""

from collections.abc import Callable

import pytest
from flask import Flask

from app.backup.held_letters import hold_letters, release_letters
from app.models import NewsState, PauseReason
from app.updates import queue, send
from tests.mail_server import MailServer
from tests.updates.conftest import Make, agree, stored

pytestmark = pytest.mark.both_databases


def test_news_that_was_being_sent_is_paused_for_good(
    app: Flask, make_news: Make, mail_server: MailServer, work: Callable[[], int]
) -> None:
    agree(app, "ann@example.org", "bo@example.org")
    make_news()
    with app.app_context():
        assert queue.send_news() == 2
        assert hold_letters() == 2
        assert release_letters() == 2
    work()
    news = stored(app)
    assert (news.state, news.pause_reason) == (NewsState.PAUSED, PauseReason.RESTORED)
    assert not mail_server.letters
    with app.app_context():
        assert news.asked_by
        assert not send.resume(news.petition_id, news.asked_by, 1)
        assert send.cancel(news.petition_id, news.asked_by, 1)
    work()
    assert not mail_server.letters


def test_news_that_had_not_begun_is_a_draft_again_and_can_be_asked_for_anew(
    app: Flask, make_news: Make, mail_server: MailServer, work: Callable[[], int]
) -> None:
    agree(app, "ann@example.org")
    make_news()
    assert stored(app).state == NewsState.ASKED
    with app.app_context():
        hold_letters()
        release_letters()
    work()
    news = stored(app)
    assert news.state == NewsState.DRAFT
    assert (news.asked_by, news.asked_at, news.due_at, news.consented_by) == (None,) * 4
    assert not mail_server.letters
    with app.app_context():
        assert send.ask_to_send(news.petition_id, news.written_by, 1, news.revision)
