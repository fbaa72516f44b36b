"""A press on many signatures works in batches: each is a transaction and logged, and none undoes what came between."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select

from app.db import db
from app.models import Clue, Kind, LedgerEntry, Reason, Role, Signature, State
from app.moderation import bulk
from app.moderation.bulk import dismiss, invalidatable, invalidate, preview, suspected
from app.organisers.acting import NotTheirs
from app.signers.withdraw import withdraw
from tests.factories import signatures
from tests.moderation.act import EVERYBODY, counted, invalidated, restored, told
from tests.moderation.test_bursts import flag, flagged, group
from tests.organisers.people import make_organiser
from tests.watching.people import add_people, petition_id_of

pytestmark = pytest.mark.both_databases

Before = Callable[[int, Callable[[], object]], None]


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "BATCH_SIZE", 4)


@pytest.fixture
def before_batch(monkeypatch: pytest.MonkeyPatch) -> Before:
    """Return a function that has something else happen right before a batch of the press begins."""

    def happens(number: int, act: Callable[[], object]) -> None:
        acting, begun = bulk.acting, []

        @contextmanager
        def after_that(*asked: Any) -> Iterator[object]:
            begun.append(asked)
            if len(begun) == number:
                act()
            with acting(*asked) as given:
                yield given

        monkeypatch.setattr(bulk, "acting", after_that)

    return happens


def numbers(app: Flask, act: str) -> list[int | str]:
    """Return the numbers in the log's lines of this act."""
    return [details["number"] for done, details in told(app) if done == act]


def test_each_batch_is_logged_and_all_together_are_what_was_shown(app: Flask, petition: str) -> None:
    people = add_people(app, 10)
    assert invalidated(app, note="Wrote to us") == 10
    assert counted(app) == 0
    assert numbers(app, "invalidated") == [4, 4, 2]
    with app.app_context():
        order = select(Signature.public_id).join(LedgerEntry).where(LedgerEntry.kind == Kind.INVALIDATED)
        in_turn = db.session.scalars(order.order_by(LedgerEntry.id)).all()
    assert [set(in_turn[:4]), set(in_turn[4:8])] == [set(people[6:]), set(people[2:6])]
    assert restored(app) == 10
    assert counted(app) == 10
    assert numbers(app, "restored") == [4, 4, 2]


def test_suspicions_of_many_are_dismissed_in_batches(app: Flask, petition: str) -> None:
    group(app, Clue.NETWORK, 10, timedelta(minutes=1))
    flag(app)
    with app.app_context():
        petition_id = petition_id_of()
        fingerprint = preview(petition_id, suspected(EVERYBODY)).fingerprint
        assert dismiss(petition_id, EVERYBODY, fingerprint, None) == 10
    assert flagged(app) == set()
    assert numbers(app, "looked") == [4, 4, 2]


@pytest.mark.parametrize("number", [1, 3])
def test_who_withdraws_while_a_press_works_is_left_out_and_not_told_of(
    app: Flask, petition: str, before_batch: Before, number: int
) -> None:
    oldest, *_, newest = add_people(app, 10)
    gone = newest if number == 1 else oldest
    before_batch(number, lambda: withdraw(gone))
    assert invalidated(app) == 9
    assert sum(map(int, numbers(app, "invalidated"))) == 9
    assert counted(app) == 0
    assert {one.public_id for one in signatures(app) if one.state == State.WITHDRAWN} == {gone}


def test_whose_role_ends_while_they_press_gets_no_further(app: Flask, petition: str, before_batch: Before) -> None:
    add_people(app, 10)
    editor = make_organiser(app, role=Role.EDITOR)
    before_batch(2, lambda: make_organiser(app, role=Role.VIEWER))
    with app.app_context():
        petition_id = petition_id_of()
        fingerprint = preview(petition_id, invalidatable(EVERYBODY)).fingerprint
        with pytest.raises(NotTheirs):
            invalidate(petition_id, EVERYBODY, fingerprint, editor, Reason.OTHER)
    assert numbers(app, "invalidated") == [4]
    assert counted(app) == 6


def test_what_a_press_did_before_it_failed_stays_and_another_press_does_the_rest(
    app: Flask, petition: str, before_batch: Before
) -> None:
    add_people(app, 10)

    def fail() -> None:
        raise ConnectionError

    before_batch(3, fail)
    with pytest.raises(ConnectionError):
        invalidated(app)
    assert numbers(app, "invalidated") == [4, 4]
    assert counted(app) == 2
    assert invalidated(app) == 2
    assert counted(app) == 0


def test_of_two_presses_on_the_same_each_signature_is_changed_once(
    app: Flask, petition: str, before_batch: Before
) -> None:
    add_people(app, 10)
    before_batch(2, lambda: invalidated(app))
    assert invalidated(app) == 4
    assert numbers(app, "invalidated") == [4, 4, 2]
    assert counted(app) == 0


def test_sqlite_looks_for_a_batch_in_its_part_of_the_lists_index(app: Flask, petition: str) -> None:
    looked: list[tuple[str, Any]] = []

    def note(connection: object, cursor: object, statement: str, parameters: object, *rest: object) -> None:
        if statement.startswith("SELECT signature.id") and "signature.id IN" in statement:
            looked.append((statement, parameters))

    add_people(app, 10)
    with app.app_context():
        if db.engine.dialect.name == "postgresql":
            return  # it plans by statistics, and so few rows are read by any plan
        event.listen(db.engine, "before_cursor_execute", note)
        try:
            invalidated(app)
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        with db.engine.connect() as connection:
            plans = [str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {one}", asked).all()) for one, asked in looked]
    assert len(plans) == 3
    assert all("verified_at>? AND verified_at<?" in plan for plan in plans), plans
