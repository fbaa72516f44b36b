"""Each count is compared with its ledger and its rows once a day, by whichever worker comes first."""

import logging
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from app import clock
from app.db import db, transaction
from app.ledger import ledger
from app.ledger.audit import check_counts
from app.models import CountCheck, Petition, Tally
from tests.factories import make_petition, make_signature
from tests.log import caught

pytestmark = pytest.mark.both_databases


def checked(app: Flask) -> int:
    with app.app_context():
        return check_counts()


def found(app: Flask) -> dict[str, int]:
    """Return by how much each petition's count differed."""
    with app.app_context():
        differences = select(Petition.slug, CountCheck.differences).join_from(CountCheck, Petition)
        return dict(db.session.execute(differences).all())


def move_checks(app: Flask, ago: timedelta) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(CountCheck).values(at=clock.now() - ago))


def test_one_petition_is_compared_at_a_time_and_each_once_a_day(app: Flask) -> None:
    slugs = {make_petition(app), make_petition(app, slug='"another-petition"')}
    assert [checked(app) for _ in range(3)] == [1, 1, 0]
    assert found(app) == dict.fromkeys(slugs, 0)
    move_checks(app, timedelta(hours=23))
    assert checked(app) == 0
    move_checks(app, timedelta(hours=25))
    assert [checked(app) for _ in range(3)] == [1, 1, 0]


def test_a_clock_that_went_back_ends_no_comparing(app: Flask, petition: str) -> None:
    checked(app)
    move_checks(app, timedelta(days=-400))
    assert checked(app) == 1


def test_a_difference_is_kept_and_logged_and_gone_once_it_is_right_again(app: Flask, petition: str) -> None:
    make_signature(app)
    with app.app_context():
        ledger.fold_all()
    for base, differences in ((0, 2), (1, 0)):
        with app.app_context(), transaction() as session:
            session.execute(update(Tally).values(base=base))
        move_checks(app, timedelta(hours=25))
        with caught(logging.INFO) as log:
            assert checked(app) == 1
        assert found(app) == {petition: differences}
        told = [line for line in log.lines() if "differs by 2: see `count audit`" in str(line["message"])]
        assert len(told) == bool(differences)
