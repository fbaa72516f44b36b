"""Clients remembered in memory: windows that move, at the same cost however many clients there are, and bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits import RateLimitItemPerMinute
from limits.strategies import MovingWindowRateLimiter

from app.web import client_memory
from app.web.client_memory import ClientMemory
from tests.concurrency.test_races import at_once

LIMIT = RateLimitItemPerMinute(3, 10)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic clock's time, which only the test changes."""
    at = [1000.0]
    monkeypatch.setattr(client_memory.time, "monotonic", lambda: at[0])
    return at


@given(st.lists(st.tuples(st.integers(0, 400), st.sampled_from("ab"))))
def test_no_window_of_ten_minutes_ever_holds_more_than_the_limit(steps: list[tuple[int, str]]) -> None:
    at, counted = 0.0, []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client_memory.time, "monotonic", lambda: at)
        windows = MovingWindowRateLimiter(ClientMemory())
        for seconds, key in steps:
            at += seconds
            in_window = sum(1 for moment, whose in counted if whose == key and moment > at - 600)
            assert windows.test(LIMIT, key) == (in_window < 3)
            assert windows.get_window_stats(LIMIT, key).remaining == 3 - in_window
            assert windows.hit(LIMIT, key) == (in_window < 3)
            if in_window < 3:
                counted.append((at, key))


def test_a_client_that_comes_no_more_is_forgotten_by_what_others_count(now: list[float]) -> None:
    memory = ClientMemory()
    for which in range(1000):
        memory.acquire_entry(f"client {which}", 3, 600)
    now[0] += 600
    for _ in range(3):
        memory.acquire_entry("another", 3, 600)
    assert len(memory.clients()) == 1000 + 1 - 6
    for which in range(600):
        memory.acquire_entry(f"a later one {which}", 3, 600)
    assert not [key for key in memory.clients() if key.startswith("client")]


def test_a_flood_from_more_clients_than_fit_forgets_those_that_came_longest_ago(
    now: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_memory, "MAX_CLIENTS", 50)
    memory = ClientMemory()
    for which in range(500):
        memory.acquire_entry(f"client {which}", 3, 600)
        memory.acquire_entry("one that keeps coming", 1000, 600)
    assert len(memory.clients()) <= 51
    assert "one that keeps coming" in memory.clients() and "client 499" in memory.clients()
    assert memory.get_moving_window("one that keeps coming", 1000, 600)[1] == 500


def test_of_a_hundred_at_once_as_many_as_the_limit_are_counted() -> None:
    memory = ClientMemory()
    counted = at_once(100, lambda which: int(memory.acquire_entry("one", 30, 600)))
    assert sum(counted) == 30


def test_no_timer_walks_through_all_clients() -> None:
    memory = ClientMemory()
    memory.timer.join(20)  # the library's, which it starts once
    memory.acquire_entry("one", 3, 600)
    assert not memory.timer.is_alive()
