"""Sending news locks its petition before the news, as organisers do, so that neither waits for the other for ever."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import select, text

from app.db import db, transaction
from app.models import News, NewsState, Petition
from app.updates import send
from app.updates.queue import send_news
from tests.updates.conftest import Make, later, stored


@pytest.mark.postgresql_alone
def test_news_that_begins_while_an_organiser_acts_waits_for_the_petition_and_holds_nothing(
    app: Flask, make_news: Make
) -> None:
    make_news(is_sent=False)
    with app.app_context():
        news = db.session.scalars(select(News)).one()
        assert send.ask_to_send(news.petition_id, news.written_by, news.number, news.revision)
    later(app, is_outcome=True)

    def begin() -> None:
        with app.app_context():
            send_news()

    with ThreadPoolExecutor(1) as worker:
        with app.app_context(), transaction() as session:
            session.scalars(select(Petition).with_for_update(key_share=True)).one()
            begun = worker.submit(begin)
            until = time.monotonic() + 10
            while time.monotonic() < until and not someone_waits(app):
                time.sleep(0.05)
            assert session.scalars(select(News).with_for_update(nowait=True)).one()
        begun.result()
    assert stored(app).state in {NewsState.SENDING, NewsState.SENT}


def someone_waits(app: Flask) -> bool:
    with db.engine.connect() as other:
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        return bool(other.execute(text(waiting)).scalar_one())
