"""The worker's jobs at the same time as requests: no deadlocks, and no errors."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from app import clock
from app.db import transaction
from app.models import Petition, Signature
from app.moderation.bulk import invalidatable, lock, newest
from app.retention import erase
from app.signing import traces
from app.watching.selection import Selection
from tests.concurrency.test_races import at_once
from tests.watching.people import add_people

pytestmark = [pytest.mark.both_databases, pytest.mark.slow]

PEOPLE = 300
ROUNDS = 5


def petition_of(app: Flask) -> int:
    with app.app_context(), transaction() as session:
        return session.scalars(select(Petition.id)).one()


@pytest.mark.parametrize("upkeep", ["traces", "erase"])
def test_a_bulk_act_and_the_workers_jobs_do_not_deadlock(app: Flask, petition: str, upkeep: str) -> None:
    add_people(app, PEOPLE)
    petition_id = petition_of(app)
    everybody = invalidatable(Selection())
    with app.app_context():
        shown = newest(petition_id, everybody)

    def press() -> None:
        with app.app_context(), transaction() as session:
            lock(session, petition_id, everybody, shown)
            session.rollback()

    def run_jobs() -> None:
        with app.app_context():
            if upkeep == "traces":
                traces.forget_traces(clock.now() + timedelta(days=3))
                return
            with transaction() as session:
                erase._erase(session, list(session.scalars(select(Signature.id)).all()))
                session.rollback()

    for _ in range(ROUNDS):
        with app.app_context(), transaction() as session:
            session.execute(update(Signature).values(network_key=b"x" * 32))
        at_once(4, lambda which: run_jobs() if which % 2 else press())
