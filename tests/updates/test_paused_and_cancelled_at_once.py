"""An owner who cancels news holds it, so that it does not pause itself meanwhile and tell of that."""

from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from contextlib import suppress

import pytest
from flask import Flask
from sqlalchemy import event, update

from app import clock
from app.db import db, transaction
from app.models import NewsState, OutboxProgress, OutboxRow
from app.updates import queue, send, watch
from tests.updates.conftest import Make, agree, stored
from tests.updates.test_pages import acts

# On SQLite one transaction writes at a time.
pytestmark = pytest.mark.postgresql_alone


def test_what_an_owner_cancels_does_not_pause_itself_meanwhile(app: Flask, make_news: Make) -> None:
    agree(app, *(f"ann-{number}@example.org" for number in range(8)))
    make_news()
    with app.app_context():
        queue.send_news()
        with transaction() as session:
            refused = {"progress": OutboxProgress.FAILED, "reply": "550 5.1.1: no", "ended_at": clock.now()}
            session.execute(update(OutboxRow).where(OutboxRow.news_id.is_not(None)).values(refused))
        engine = db.engine
    news = stored(app)
    assert news.asked_by

    def pause() -> bool:
        with app.app_context():
            return watch.pause_if_troubled(news.id)

    with ThreadPoolExecutor(1) as worker:
        waiting = [worker]

        def pause_first(connection: object, cursor: object, statement: str, *more: object) -> None:
            if statement.startswith("UPDATE news ") and waiting:
                pausing.append(waiting.pop().submit(pause))
                with suppress(TookTooLong):  # it waits for the owner
                    pausing[0].result(1)

        pausing: list[Future[bool]] = []
        event.listen(engine, "before_cursor_execute", pause_first)
        try:
            with app.app_context():
                assert send.cancel(news.petition_id, news.asked_by, news.number)
        finally:
            event.remove(engine, "before_cursor_execute", pause_first)
        assert pausing[0].result()
    assert (stored(app).state, stored(app).pause_reason) == (NewsState.CANCELLED, None)
    assert acts(app)[-1] == "cancelled" and not any(act.startswith("paused") for act in acts(app))
