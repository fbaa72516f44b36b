"""What the count has reached is told once: the first signature, shares of the own goal, each goal."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import select, update

from app import jobs
from app.db import db, transaction
from app.ledger import ledger
from app.models import Notice, OutboxRow, Petition, Role
from app.outbox.enqueue import PRIORITY_OF_ORGANISERS
from tests.factories import make_signature
from tests.mail_server import MailServer, text_of
from tests.notices.conftest import count_is, subjects, tell
from tests.organisers.people import OWNER, letters_to_organisers, make_organiser

pytestmark = pytest.mark.both_databases
FIRST, SHARE, GOAL = "owner: The first signature", "owner: On the way to your goal", "owner: A goal is reached"


@pytest.fixture(autouse=True)
def _owner(app: Flask, petition: str) -> None:
    make_organiser(app, OWNER, Role.OWNER)


def test_the_first_signature_is_told_once_after_what_people_wait_for(app: Flask) -> None:
    assert tell(app) == 0
    make_signature(app)
    with app.app_context():
        ledger.fold_all()
    assert [tell(app), tell(app)] == [1, 0]
    (letter,) = letters_to_organisers(app)
    assert letter.startswith("To: owner@example.org\nSubject: The first signature: Save the test library")
    assert "ann" not in letter.lower()
    with app.app_context():
        (row,) = db.session.scalars(select(OutboxRow).where(OutboxRow.sealed.is_not(None)))
        assert row.priority == PRIORITY_OF_ORGANISERS


def test_the_worker_looks_and_sends_it(app: Flask, mail_server: MailServer, work: Callable[[], int]) -> None:
    make_signature(app)
    with app.app_context():
        jobs.run_all(jobs.JOBS)
        jobs.run_all(jobs.JOBS)
    work()
    (letter,) = mail_server.to(OWNER)
    assert "first signature" in letter["Subject"]
    assert "The first person has signed and confirmed." in text_of(letter)


def test_shares_of_the_own_goal_and_each_goal_are_told_as_the_count_reaches_them(app: Flask) -> None:
    told = {}
    for verified in (1, 24, 25, 26, 249, 250, 499, 500, 750, 999, 1000, 1499, 1500):
        before = len(subjects(app))
        count_is(app, verified, goal=1000)
        tell(app)
        told[verified] = subjects(app)[before:]
    silent = {24, 26, 249, 499, 999, 1499}
    assert {verified for verified, said in told.items() if not said} == silent
    assert told[1] == [FIRST]
    assert told[250] == told[500] == told[750] == [SHARE]
    assert told[25] == told[1000] == told[1500] == [GOAL]
    said = letters_to_organisers(app)
    assert "Confirmed signatures: 750. With that, 75 % of your goal of 1,000 is reached." in said[4]
    assert "Confirmed signatures: 1,500. With that, the goal of 1,500 is reached." in said[6]


def test_a_count_that_goes_down_and_up_again_is_told_once(app: Flask) -> None:
    for verified in (25, 24, 25, 0, 1, 25):
        count_is(app, verified)
        tell(app)
    assert subjects(app) == [GOAL]


def test_of_many_steps_at_once_only_the_highest_is_told_and_the_others_never(app: Flask) -> None:
    count_is(app, 5000, goal=6000)
    tell(app)
    (said,) = letters_to_organisers(app)
    assert "75 % of your goal of 6,000" in said
    count_is(app, 900, goal=6000)
    assert tell(app) == 0


def test_of_a_higher_goal_the_shares_above_what_was_reached_are_told(app: Flask) -> None:
    for verified, goal in ((1000, 1000), (1400, 2000), (1500, 2000)):
        count_is(app, verified, goal=goal)
        tell(app)
    assert subjects(app) == [GOAL, SHARE]
    assert "75 % of your goal of 2,000" in letters_to_organisers(app)[1]


def test_a_discreet_petition_is_not_named(app: Flask) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(Petition).values(discreet=True))
    count_is(app, 25)
    tell(app)
    (said,) = letters_to_organisers(app)
    assert "library" not in said.replace("library@", "")
    assert "/organise\n" in said


def test_workers_that_look_at_once_tell_once(app: Flask) -> None:
    count_is(app, 30, goal=100)
    workers = 4
    start = Barrier(workers)

    def work(_: int) -> int:
        start.wait()
        return tell(app)

    with ThreadPoolExecutor(workers) as pool:
        assert sum(pool.map(work, range(workers))) == 1
    assert len(subjects(app)) == 1
    with app.app_context():
        assert {row.number for row in db.session.scalars(select(Notice))} == {1, 25}
