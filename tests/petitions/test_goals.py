"""The next goal: the organiser's own until it is reached, then the first step strictly above the count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.petitions.goals import FEW, next_goal, percent

STEPS = [
    *(25, 50, 100, 200, 500, 1_000, 1_500, 2_500, 5_000, 7_500),
    *(10_000, 15_000, 25_000, 35_000, 50_000, 75_000),
    *(100_000, 150_000, 250_000, 350_000, 500_000, 750_000),
    *(1_000_000, 1_500_000, 2_500_000, 3_500_000, 5_000_000, 7_500_000),
    *(10_000_000, 15_000_000, 25_000_000, 35_000_000, 50_000_000, 75_000_000, 100_000_000),
]
counts = st.integers(0, 200_000_000)
owns = st.none() | st.integers(1, 200_000_000)


def test_the_steps_are_as_listed() -> None:
    climbed = [next_goal(0, None)]
    for _ in STEPS[1:]:
        climbed.append(next_goal(climbed[-1], None))
    assert climbed == STEPS


@pytest.mark.parametrize(
    ("verified", "goal"),
    [
        (0, 25),
        (25, 50),
        (99, 100),
        (100, 200),
        (101, 200),
        (1_365, 1_500),
        (1_500, 2_500),
        (9_999, 10_000),
        (10_000, 15_000),
    ],
)
def test_the_goal_is_the_first_step_above_the_count(verified: int, goal: int) -> None:
    assert next_goal(verified, None) == goal


@given(counts)
def test_no_step_is_skipped(verified: int) -> None:
    if verified < STEPS[-1]:
        assert next_goal(verified, None) == min(step for step in STEPS if step > verified)


@given(st.integers(10_000, 10**30))
def test_from_ten_thousand_on_the_steps_repeat_times_ten(verified: int) -> None:
    assert next_goal(verified * 10, None) == next_goal(verified, None) * 10


@given(counts, owns)
def test_the_goal_is_always_above_the_count(verified: int, own: int | None) -> None:
    assert next_goal(verified, own) > verified


@given(st.integers(1, 200_000_000), st.data())
def test_the_organisers_own_goal_holds_until_it_is_reached(own: int, data: st.DataObject) -> None:
    verified = data.draw(st.integers(0, own - 1))
    assert next_goal(verified, own) == (own if verified >= FEW else min(own, FEW))
    assert next_goal(own, own) == next_goal(own, None)
    after = data.draw(st.integers(own, own * 2))
    assert next_goal(after, own) == next_goal(after, None)


@given(counts, counts, owns)
def test_the_goal_never_falls_as_the_count_grows(one: int, other: int, own: int | None) -> None:
    fewer, more = sorted((one, other))
    assert next_goal(fewer, own) <= next_goal(more, own)


@given(counts, owns)
def test_the_bar_is_never_full_before_the_goal(verified: int, own: int | None) -> None:
    shown = percent(verified, next_goal(verified, own))
    assert 0 <= shown < 100


@pytest.mark.parametrize(
    ("verified", "goal", "shown"), [(0, 100, 0), (1_365, 1_500, 91), (999, 1_000, 99), (5, 5, 100)]
)
def test_the_bar_is_rounded_down(verified: int, goal: int, shown: int) -> None:
    assert percent(verified, goal) == shown
