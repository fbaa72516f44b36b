"""The turn of an e-mail at its provider: never more than the rate, and bulk never before what people wait for."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.email.traffic_shaping import Limits
from app.models import ProviderPace
from app.outbox.turn import NOW, take_turn

BEGIN = datetime(2026, 11, 30, 12, tzinfo=UTC)
LIMITS = Limits(connections=1, per_connection=3, per_minute=60)
SECOND = timedelta(seconds=1)


def pace(**columns: object) -> ProviderPace:
    return ProviderPace(provider_key=b"p" * 16, **{"next_at": BEGIN, "pauses": 0, **columns})


def turn(one: ProviderPace, now: datetime, kept: datetime | None = None, *, is_waited_for: bool = True) -> object:
    return take_turn(one, LIMITS, now, kept, is_waited_for=is_waited_for)


def test_as_many_leave_at_once_as_a_connection_takes_and_then_one_after_the_other() -> None:
    google = pace()
    assert [turn(google, BEGIN) for _ in range(3)] == [NOW, NOW, NOW]
    assert [turn(google, BEGIN) for _ in range(2)] == [(BEGIN + SECOND, BEGIN + SECOND), (BEGIN + 2 * SECOND,) * 2]


def test_a_kept_place_is_taken_when_its_time_has_come_and_not_before() -> None:
    google = pace(next_at=BEGIN + 60 * SECOND)
    assert turn(google, BEGIN, BEGIN) == NOW
    assert turn(google, BEGIN, BEGIN + SECOND) != NOW


def test_places_kept_while_no_worker_ran_do_not_all_leave_at_once() -> None:
    google = pace()
    late = BEGIN + timedelta(hours=1)
    left = [turn(google, late, BEGIN + number * SECOND) for number in range(100)]
    assert left.count(NOW) == LIMITS.per_connection


def test_what_people_wait_for_goes_before_bulk_that_lined_up_earlier() -> None:
    google = pace()
    for _ in range(500):
        turn(google, BEGIN, is_waited_for=False)
    confirmation = turn(google, BEGIN)
    assert confirmation.due_at == BEGIN + SECOND  # type: ignore[attr-defined]


def test_nothing_leaves_during_a_pause_and_after_it_there_is_no_burst() -> None:
    google = pace(paused_until=BEGIN + 300 * SECOND, pauses=1)
    first, second = turn(google, BEGIN, BEGIN), turn(google, BEGIN)
    assert [first.due_at, second.due_at] == [BEGIN + 300 * SECOND, BEGIN + 301 * SECOND]  # type: ignore[attr-defined]
    assert turn(google, BEGIN, is_waited_for=False).due_at > BEGIN + 300 * SECOND  # type: ignore[attr-defined]


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=120))
def test_no_window_ever_sees_more_than_the_rate_and_one_burst(arrivals: list[tuple[int, bool]]) -> None:
    google, now, waiting, left = pace(), BEGIN, [], []
    todo = [(gap, is_waited_for) for gap, is_waited_for in arrivals]
    while todo or waiting:
        if todo:
            gap, is_waited_for = todo.pop(0)
            now += gap * SECOND
            waiting.append((now, None, is_waited_for))
        else:
            now = max(now, min(due for due, _, _ in waiting))
        for one in sorted([one for one in waiting if one[0] <= now], key=lambda one: (not one[2], one[0])):
            waiting.remove(one)
            then = take_turn(google, LIMITS, now, one[1], is_waited_for=one[2])
            if then.due_at is None:
                left.append(now)
            else:
                waiting.append((then.due_at, then.leaves_at, one[2]))
    assert len(left) == len(arrivals)
    for start in left:
        assert sum(start <= at < start + 10 * SECOND for at in left) <= 10 + LIMITS.per_connection


def test_who_has_asked_for_a_pause_gets_one_after_the_other_when_it_is_over_until_it_has_taken_one() -> None:
    google = pace(paused_until=BEGIN, pauses=1)
    assert [turn(google, BEGIN) for _ in range(2)] == [NOW, (BEGIN + SECOND,) * 2]
    google.pauses = 0
    assert [turn(google, BEGIN + 60 * SECOND) for _ in range(LIMITS.per_connection)] == [NOW] * LIMITS.per_connection
