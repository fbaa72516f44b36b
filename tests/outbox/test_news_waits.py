"""However much news is queued, a new confirmation is in the next batch."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from app import clock
from app.models import NewsState, Occasion, PauseReason
from app.outbox import deliver, quota
from app.outbox.waits import MANY_EMAILS, Wait, told_to_organisers
from app.updates.queue import send_news
from tests.factories import sign
from tests.mail_server import MailServer
from tests.updates.conftest import Make, agree, make_news, set_state

__all__ = ["make_news"]
pytestmark = pytest.mark.both_databases
NEW = "new@example.net"


def queue_news(app: Flask, make_news: Make, number: int) -> None:
    agree(app, *(f"signer-{one}@example.org" for one in range(number)))
    make_news()
    with app.app_context():
        send_news()


def test_a_confirmation_that_comes_while_news_is_sent_leaves_after_one_batch_at_most(
    app: Flask, make_news: Make, mail_server: MailServer, work: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "SECONDS_ONE_BY_ONE", 60)  # so that a slow machine does not end the batch earlier
    queue_news(app, make_news, 60)
    with ThreadPoolExecutor(1) as someone:

        def sign_at_the_fifth(recipient: str) -> None:
            if recipient != NEW and len(mail_server.letters) == 5:
                someone.submit(lambda: sign(app.test_client(), email=NEW)).result()

        mail_server.answer = sign_at_the_fifth
        work()
    order = [letter["To"] for letter in mail_server.letters]
    assert len(order) == 61
    assert 5 < order.index(NEW) <= 5 + 25  # about as many as leave in a second


def test_news_leaves_room_in_a_quota_for_those_who_sign_meanwhile(
    app: Flask, make_news: Make, mail_server: MailServer, work: Callable[[], int]
) -> None:
    app.config["MAIL_MAX_PER_DAY"] = 40
    queue_news(app, make_news, 60)
    work()
    assert len(mail_server.letters) == quota.SHARES[Occasion.NEWS] * 40
    sign(app.test_client(), email=NEW)
    work()
    assert mail_server.letters[-1]["To"] == NEW


def test_the_status_says_that_paused_news_waits_for_an_owner_and_not_that_it_is_late(
    app: Flask, make_news: Make, runner: FlaskCliRunner
) -> None:
    queue_news(app, make_news, 3)
    set_state(app, NewsState.PAUSED, pause_reason=PauseReason.OWNER)
    said = runner.invoke(args=["outbox", "status"]).output
    assert "3 of news wait until an owner goes on" in said
    assert "next due" not in said


def test_organisers_are_told_of_no_wait_that_could_be_a_single_persons() -> None:
    soon = clock.now()
    all_wait, google = Wait(soon), Wait(soon, "Google", number=MANY_EMAILS)
    few, nameless = Wait(soon, "Google", number=MANY_EMAILS - 1), Wait(soon, number=500)
    news = Wait(soon, setting="MAIL_MAX_PER_DAY", only=(Occasion.NEWS,))
    assert told_to_organisers([all_wait, google, few, nameless, news]) == [all_wait, google]
