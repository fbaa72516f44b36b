"""A figure: what was measured in a few rounds, what is wanted, and whether it is so."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

ROUNDS = 3

Measure = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. Without `at_least` and `at_most` it is there to be known, and nothing is wanted."""

    name: str
    values: Sequence[float]
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    detail: str = ""

    def is_met(self) -> bool:
        """Tell whether the middle round is as wanted."""
        middle = median(self.values)
        return (self.at_least is None or middle >= self.at_least) and (self.at_most is None or middle <= self.at_most)

    def verdict(self) -> str:
        """Return OK, BELOW, or nothing where nothing is wanted."""
        if self.at_least is None and self.at_most is None:
            return ""
        return "OK" if self.is_met() else "BELOW"

    def line(self) -> str:
        """Return the figure as a line of the table."""
        seen = f"{number(median(self.values))} {self.unit}"
        spread = f"{number(min(self.values))} to {number(max(self.values))}"
        wanted = f">= {self.at_least:g}" if self.at_least is not None else ""
        wanted = f"<= {self.at_most:g}" if self.at_most is not None else wanted
        if self.at_least is not None and self.at_most is not None:
            wanted = f"{self.at_least:g}-{self.at_most:g}"
        return f"{self.name:<50} {seen:>11} {spread:>18}  {wanted:<9} {self.verdict():<6} {self.detail}".rstrip()


def heading() -> str:
    """Return the table's first line."""
    return f"{'figure':<50} {'median':>11} {'min to max':>18}  {'wanted':<9}"


def number(value: float) -> str:
    """Return `value` with three digits that mean something."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 0.1 else 3
    return f"{value:,.{digits}f}"


def in_turns(*sides: Measure, rounds: int = ROUNDS) -> list[tuple[float, ...]]:
    """Measure the sides one after the other, `rounds` times, so that what slows the machine slows them all."""
    return [tuple(side() for side in sides) for _ in range(rounds)]


def ratios(pairs: Sequence[tuple[float, ...]]) -> list[float]:
    """Return the first side as a part of the second, round by round."""
    return [ours / theirs for ours, theirs in pairs]


def middle(pairs: Sequence[tuple[float, ...]], side: int) -> str:
    """Return one side's middle round, for the detail of a line."""
    return number(median(pair[side] for pair in pairs))
