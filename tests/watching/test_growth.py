"""The growth curve: every ledger row is in a step or before the first, and it ends at the count."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from app.db import db, transaction
from app.ledger import ledger
from app.models import Kind, LedgerEntry, Signature, State
from app.watching.growth import LENGTH, MAX_STEPS, MIN_STEPS, GrowthStep, Lately, Step, default_step, growth, lately
from tests.ledger.tampering import without_triggers
from tests.watching.people import add_people, petition_id_of

pytestmark = pytest.mark.both_databases

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)  # a Tuesday
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
AT_ONCE = timedelta(0)


def confirmed_at(app: Flask, moment: datetime, number: int = 1, state: State = State.VERIFIED) -> None:
    add_people(app, number, state, signed_at=moment, took=AT_ONCE, apart=AT_ONCE)


def curve(app: Flask, by: Step, since: datetime = LONG_AGO) -> list[GrowthStep]:
    with app.app_context():
        petition_id = petition_id_of()
        return growth(petition_id, by, since, NOW, ledger.read_count(petition_id).verified)


@pytest.mark.parametrize(
    ("by", "begins"),
    [
        (Step.HOUR, datetime(2026, 11, 24, 9, tzinfo=UTC)),
        (Step.DAY, datetime(2026, 11, 24, tzinfo=UTC)),
        (Step.WEEK, datetime(2026, 11, 23, tzinfo=UTC)),
    ],
)
def test_a_step_begins_on_the_hour_at_midnight_or_on_monday(
    app: Flask, petition: str, by: Step, begins: datetime
) -> None:
    confirmed_at(app, begins, 3)
    confirmed_at(app, begins - timedelta(microseconds=1), 2)
    shown = curve(app, by)
    assert len(shown) == MAX_STEPS[by]
    assert shown[-2:] == [GrowthStep(begins - LENGTH[by], 2, 2), GrowthStep(begins, 3, 5)]


def test_earlier_changes_are_in_the_total_and_withdrawals_are_subtracted(app: Flask, petition: str) -> None:
    confirmed_at(app, NOW - timedelta(days=400), 100)
    confirmed_at(app, NOW - timedelta(days=1), 4)
    confirmed_at(app, NOW - timedelta(days=1), 2, State.WITHDRAWN)
    shown = curve(app, Step.DAY)
    assert (shown[0].net, shown[0].total) == (0, 100)
    assert (shown[-2].net, shown[-2].total) == (4, 104)


@pytest.mark.parametrize("by", list(Step))
def test_a_young_petition_has_no_long_empty_curve(app: Flask, petition: str, by: Step) -> None:
    assert len(curve(app, by, since=NOW - timedelta(minutes=1))) == MIN_STEPS
    assert len(curve(app, Step.DAY, since=NOW - timedelta(days=20))) == 21


def test_rows_in_the_future_are_counted_in_the_last_step(app: Flask, petition: str) -> None:
    confirmed_at(app, NOW + timedelta(hours=30))
    assert curve(app, Step.HOUR)[-1] == GrowthStep(NOW.replace(minute=0), 1, 1)


def test_the_first_two_days_are_shown_by_the_hour() -> None:
    assert default_step(NOW - timedelta(hours=47), NOW) == Step.HOUR
    assert default_step(NOW - timedelta(days=2), NOW) == Step.DAY


CHANGES = st.lists(
    st.tuples(
        st.integers(0, 3 * 365 * 24 * 60).map(lambda minutes: NOW - timedelta(minutes=minutes)),
        st.sampled_from([State.VERIFIED, State.WITHDRAWN, State.INVALIDATED]),
        st.integers(1, 3),
    ),
    max_size=6,
)


@given(changes=CHANGES, by=st.sampled_from(Step))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_curve_ends_at_the_count_and_totals_add_up(
    app: Flask, petition: str, changes: list[tuple[datetime, State, int]], by: Step
) -> None:
    with app.app_context(), transaction() as session:
        with without_triggers(session):
            session.execute(delete(LedgerEntry))
        session.execute(delete(Signature))
    for moment, state, number in changes:
        confirmed_at(app, moment, number, state)
    shown = curve(app, by)
    with app.app_context():
        early = sum(entry.delta for entry in db.session.query(LedgerEntry).where(LedgerEntry.at < shown[0].begins))
    totals = [early, *(step.total for step in shown)]
    assert [after - before for before, after in pairwise(totals)] == [step.net for step in shown]
    assert shown[-1].total == sum(number for _, state, number in changes if state == State.VERIFIED)
    assert {after.begins - before.begins for before, after in pairwise(shown)} == {LENGTH[by]}


@pytest.mark.parametrize("folded", [True, False])
def test_the_last_days_end_at_midnight_utc(app: Flask, petition: str, *, folded: bool) -> None:
    midnight = datetime(2026, 11, 24, tzinfo=UTC)
    moment, day = timedelta(microseconds=1), timedelta(days=1)
    for number, at in enumerate((midnight, midnight - moment, midnight - day, midnight - 6 * day), 1):
        confirmed_at(app, at, number)
    confirmed_at(app, midnight - 6 * day - moment, 100)
    confirmed_at(app, midnight, 3, State.WITHDRAWN)
    with app.app_context():
        if folded:
            ledger.fold_all()
        assert lately(petition_id_of(), NOW) == Lately(today=1, yesterday=5, week=10)


def test_the_count_can_fall_in_a_day(app: Flask, petition: str) -> None:
    midnight = datetime(2026, 11, 24, tzinfo=UTC)
    confirmed_at(app, midnight - timedelta(days=30), 2)
    with app.app_context():
        with transaction() as session:
            first = session.scalars(select(Signature)).first()
            assert first is not None
            ledger.append(session, first, Kind.WITHDRAWN, midnight)
        assert lately(petition_id_of(), NOW) == Lately(today=-1, yesterday=0, week=-1)
