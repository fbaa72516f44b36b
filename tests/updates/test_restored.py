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
