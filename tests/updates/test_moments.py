"""The day and the moment that news bears, and those of an outcome, are when it began to be sent."""

import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app import clock
from app.db import db, transaction
from app.models import News, Petition
from tests.factories import SLUG
from tests.updates.conftest import Make, stored
from tests.updates.test_published import ATOM, PAGE

FIRST, SECOND = datetime(2031, 3, 4, 23, 30, tzinfo=UTC), datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
Work = Callable[[], int]


def test_news_and_the_outcome_bear_when_they_began_and_the_feed_the_newest(
    app: Flask, client: FlaskClient, make_news: Make, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now
    for moment in (FIRST, SECOND):
        earlier = moment - timedelta(days=1) - now()
        monkeypatch.setattr(clock, "now", lambda earlier=earlier: now() + earlier)
        number = make_news()
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        with app.app_context(), transaction() as session:
            session.execute(update(News).where(News.number == number).values(is_outcome=moment == FIRST))
        work()
        assert stored(app, number).began_at == moment
    assert '<time datetime="2031-03-04">' in client.get(f"{PAGE}/news/1").text
    for path in (PAGE, f"{PAGE}/news"):
        text = client.get(path).text
        assert 'datetime="2031-03-04"' in text and 'datetime="2031-05-06"' in text
    feed = ET.fromstring(client.get(f"{PAGE}/news.atom").text)
    moments = [entry.findtext(f"{ATOM}updated") for entry in feed.iter(f"{ATOM}entry")]
    assert moments == ["2031-05-06T07:08:09Z", "2031-03-04T23:30:00Z"]
    assert feed.findtext(f"{ATOM}updated") == "2031-05-06T07:08:09Z"
    with app.app_context():
        outcome_on = db.session.scalars(select(Petition.outcome_on).where(Petition.slug == SLUG)).one()
    assert outcome_on == FIRST.date()
