"""The worker's jobs at the same time as requests: no deadlocks, and no errors."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from app import clock
from app.db import transaction
from app.models import Petition, Signature, State
from app.moderation.bulk import invalidatable, lock, preview
from app.retention import erase
from app.signing import traces
from app.watching.selection import Selection
from tests.concurrency.test_races import at_once
from tests.factories import SLUG, make_signature
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

    def press(fingerprint: str) -> None:
        with app.app_context(), transaction() as session:
            lock(session, petition_id, everybody, fingerprint)
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
        with app.app_context():
            fingerprint = preview(petition_id, everybody).fingerprint
        at_once(4, lambda which, fingerprint=fingerprint: run_jobs() if which % 2 else press(fingerprint))  # type: ignore[misc]


def test_requesting_a_link_while_the_signature_is_deleted_is_not_an_error(app: Flask, petition: str) -> None:
    def ask_or_delete(which: int) -> int:
        if which == 0:
            with app.app_context(), transaction() as session:
                session.execute(delete(Signature))
            return 303
        said = {"email": "ann@example.org"}
        somewhere = {"REMOTE_ADDR": f"192.0.2.{which}"}
        return app.test_client().post(f"/petitions/{SLUG}/my-signature", data=said, environ_base=somewhere).status_code

    for _ in range(20):
        make_signature(app, state=State.PENDING)
        assert set(at_once(6, ask_or_delete)) == {303}
        with app.app_context(), transaction() as session:
            session.execute(delete(Signature))
