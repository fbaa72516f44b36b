"""The clock: always aware, always UTC."""

from datetime import UTC, datetime, timedelta, timezone

from app import clock


def test_now_knows_that_it_is_utc() -> None:
    assert clock.now().tzinfo is UTC


def test_a_moment_is_written_in_utc_to_the_second() -> None:
    assert clock.iso(datetime(2026, 11, 23, 9, 30, 5, 999_999, UTC)) == "2026-11-23T09:30:05Z"


def test_a_moment_of_another_zone_is_turned_into_utc() -> None:
    in_nepal = datetime(2026, 11, 24, 1, 15, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    assert clock.iso(in_nepal) == "2026-11-23T19:30:00Z"
