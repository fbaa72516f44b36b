"""However much news is queued, a new confirmation is in the next batch."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from app.models import Occasion
from app.outbox import claim, quota
from app.updates.queue import send_news
from tests.factories import sign
from tests.mail_server import MailServer
from tests.updates.conftest import Make, agree, make_news

__all__ = ["make_news"]
pytestmark = pytest.mark.both_databases
NEW = "new@example.net"


def queue_news(app: Flask, make_news: Make, number: int) -> None:
    agree(app, *(f"signer-{one}@example.org" for one in range(number)))
    make_news()
    with app.app_context():
        send_news()


def test_a_confirmation_that_comes_while_news_is_sent_leaves_after_one_batch_at_most(
    app: Flask, make_news: Make, mail_server: MailServer, work: Callable[[], int]
) -> None:
    queue_news(app, make_news, 60)
    with ThreadPoolExecutor(1) as someone:

        def sign_at_the_fifth(recipient: str) -> None:
            if recipient != NEW and len(mail_server.letters) == 5:
                someone.submit(lambda: sign(app.test_client(), email=NEW)).result()

        mail_server.answer = sign_at_the_fifth
        work()
    order = [letter["To"] for letter in mail_server.letters]
    assert len(order) == 61
    assert 5 < order.index(NEW) <= 5 + claim.BATCH_SIZE_ONE_BY_ONE


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
