"""Selections: reading gives what was written into a form, and unknown values are refused."""

import os
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.models import State
from app.watching.selection import NotASelection, Selection, entry_id, read_selection

pytestmark = pytest.mark.both_databases

SELECTIONS = st.builds(
    Selection,
    state=st.none() | st.sampled_from(State),
    country=st.none() | st.sampled_from(["SE", "RU", "XK"]),
    day=st.none() | st.dates(date(1900, 1, 1), date(2999, 12, 31)),
    before=st.none() | st.datetimes(datetime.min.replace(1900), datetime.max.replace(2999), timezones=st.just(UTC)),  # noqa: DTZ901
)


@given(selection=SELECTIONS)
def test_reading_gives_the_selection_that_was_written(selection: Selection) -> None:
    assert read_selection(selection.fields()) == selection


def test_empty_fields_select_everything() -> None:
    assert read_selection({"state": "", "country": "", "day": "", "before": ""}) == Selection()


@pytest.mark.parametrize(
    "given_fields",
    [
        {"state": "counted"},
        {"state": "pending"},
        {"country": "QQ"},
        {"country": "se"},
        {"day": "tomorrow"},
        {"day": "2026-02-30"},
        {"before": "2026-11-20T12:00:00"},
        {"before": "soon"},
    ],
)
def test_an_unknown_value_is_refused(given_fields: dict[str, str]) -> None:
    with pytest.raises(NotASelection):
        read_selection(given_fields)


def test_an_entrys_name_is_its_public_id_in_hexadecimal() -> None:
    public_id = os.urandom(16)
    assert entry_id(public_id.hex()) == public_id
    assert read_selection({}, [public_id.hex()]).entries == (public_id,)


@pytest.mark.parametrize("entry", ["", "7", "ab" * 15, "ab" * 17, "AB" * 16, " " + "ab" * 16, "zz" * 16, "ab\0" * 9])
def test_any_other_name_of_an_entry_is_refused(entry: str) -> None:
    with pytest.raises(NotASelection):
        entry_id(entry)


def test_a_day_is_a_day_in_utc() -> None:
    conditions = [
        str(one.compile(compile_kwargs={"literal_binds": True}))
        for one in Selection(day=date(2026, 11, 20)).conditions(1)
    ]
    assert conditions[1:] == [
        "signature.verified_at >= '2026-11-20 00:00:00+00:00'",
        "signature.verified_at < '2026-11-21 00:00:00+00:00'",
    ]
    assert datetime(2026, 11, 20, tzinfo=UTC).isoformat(" ") in conditions[1]


@pytest.mark.parametrize(
    "given", [{"day": "9999-12-31"}, {"before": "0001-01-01T00:00:00+14:00"}, {"before": "9999-12-31T23:59:59-14:00"}]
)
def test_days_outside_the_supported_years_are_refused(given: dict[str, str]) -> None:
    with pytest.raises(NotASelection):
        read_selection(given)
