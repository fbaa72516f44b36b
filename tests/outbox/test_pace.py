"""The time that passes where a form gets no letter is that of a letter, however long those take."""

from collections.abc import Callable
from itertools import count

import pytest

from app.outbox import pace


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was slept, on a clock that moves by nothing else and by what a test lets pass."""
    waits: list[float] = []
    now = [0.0]

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        now[0] += seconds

    ticks = count()
    clock: Callable[[], float] = lambda: now[0] + next(ticks) * 1e-6  # noqa: E731
    for name, stand_in in (("sleep", sleep), ("perf_counter", clock), ("monotonic", clock)):
        monkeypatch.setattr(pace.time, name, stand_in)
    return waits


@pytest.mark.parametrize("seconds", [0.0004, 0.2, 1.5, 20.0])
def test_it_waits_as_long_as_a_letter_took(slept: list[float], seconds: float) -> None:
    timing = pace.Pace()
    timing.add("example.org", 60, is_first=True)
    timing.add("example.org", seconds, is_first=False)
    before = pace.time.perf_counter()
    timing.wait()
    assert pace.time.perf_counter() - before == pytest.approx(seconds, abs=0.0003)


def test_while_no_other_was_sent_it_goes_by_the_first_one(slept: list[float]) -> None:
    timing = pace.Pace()
    timing.add("example.org", 0.2, is_first=True)
    before = pace.time.perf_counter()
    timing.wait()
    assert pace.time.perf_counter() - before == pytest.approx(0.2, abs=0.0003)


def test_it_goes_by_the_last_ones(slept: list[float]) -> None:
    timing = pace.Pace()
    for number, seconds in enumerate((0.1, *[0.5] * pace.RECENT)):
        timing.add(f"example{number}.org", seconds, is_first=False)
    before = pace.time.perf_counter()
    timing.wait()
    assert pace.time.perf_counter() - before == pytest.approx(0.5, abs=0.0003)


@pytest.mark.parametrize("his_is_last", [True, False])
def test_whoever_owns_a_slow_domain_makes_silence_no_longer(slept: list[float], his_is_last: bool) -> None:
    timing = pace.Pace()
    others = [("example.org", 0.01), ("example.com", 0.012)]
    his = [(f"{name}.example.net", 0.9) for name in "abcdefgh" * pace.RECENT]
    for domain, seconds in others + his if his_is_last else his + others:
        timing.add(domain, seconds, is_first=False)
    for _ in range(20):
        before = pace.time.perf_counter()
        timing.wait()
        assert pace.time.perf_counter() - before < 0.013


def test_deciding_alone_takes_as_long_as_it_lately_took_where_it_took_long(
    slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    writing = pace.Writing()
    waits: list[float] = []
    monkeypatch.setattr(pace, "wait_until", waits.append)
    now = 1000.0
    monkeypatch.setattr(pace.time, "monotonic", lambda: now)
    for took in (0.001, 0.03, 0.03, 0.03, 0.001):
        writing.fill(now - took)
    assert waits[0] == now - 0.001 + pace.WRITING_SECONDS
    assert waits[-1] == pytest.approx(now - 0.001 + 0.03)
