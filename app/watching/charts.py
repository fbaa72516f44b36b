"""The geometry of the dashboard's charts; text and colours are in the templates and the style sheet.

A chart is 360 units wide, like a phone's page, so that its text is readable there. Grid lines go from top to bottom.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

WIDTH = 360
HEIGHT = 150
MARGIN_TOP = 18  # room for the label of the highest line
ROW_HEIGHT = 40
MAX_ROWS = 8


@dataclass(frozen=True, slots=True)
class GridLine:
    """A horizontal line of a chart: the value that it stands for, and how far down it is."""

    value: int
    y: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its upper left corner and its size."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Curve:
    """A line through the values and the area below it, as SVG `points`, and the grid lines."""

    points: str
    area: str
    lines: list[GridLine]


@dataclass(frozen=True, slots=True)
class Bars:
    """Vertical bars, one for each value; those of negative values hang from the zero line."""

    bars: list[Bar]
    lines: list[GridLine]


def curve(values: Sequence[int]) -> Curve:
    """Return the curve through `values` (at least one), from the left edge to the right one.

    The axis begins at zero unless that would flatten the curve of a high count.
    """
    lowest = min(values) if min(values) > max(values) / 2 else min(0, *values)
    scale = _scale(lowest, max(values))
    spacing = WIDTH / max(len(values) - 1, 1)
    plotted = [values[0], *values] if len(values) == 1 else values
    points = [f"{round(number * spacing, 1):g},{_down(value, scale):g}" for number, value in enumerate(plotted)]
    bottom = MARGIN_TOP + HEIGHT
    return Curve(" ".join(points), " ".join([f"0,{bottom}", *points, f"{WIDTH},{bottom}"]), _lines(scale))


def bars(values: Sequence[int]) -> Bars:
    """Return vertical bars for `values` (at least one), side by side over the whole width."""
    scale = _scale(min(0, *values), max(0, *values))
    slot_width = WIDTH / len(values)
    zero = _down(0, scale)
    drawn = []
    for number, value in enumerate(values):
        end = _down(value, scale)
        x, width = round(number * slot_width, 2), round(slot_width * 0.8, 2)
        drawn.append(Bar(x, min(end, zero), width, round(abs(end - zero), 1)))
    return Bars(drawn, _lines(scale))


def rows(values: Sequence[int]) -> list[Bar]:
    """Return horizontal bars for `values` (not negative), below each other, with room for text above each."""
    largest = max([1, *values])
    return [
        Bar(0, number * ROW_HEIGHT + 22, round(WIDTH * value / largest, 1), 10) for number, value in enumerate(values)
    ]


def _scale(lowest: int, highest: int) -> range:
    """Return round values, evenly apart, from at or below `lowest` to at or above `highest`."""
    rough = max(highest - lowest, 1) / 3
    unit = 10 ** max(floor(log10(rough)), 0)
    step = next(unit * times for times in (1, 2, 5, 10) if unit * times >= rough)
    first, last = floor(lowest / step) * step, ceil(highest / step) * step
    return range(first, max(last, first + step) + 1, step)


def _down(value: int, scale: range) -> float:
    return round(MARGIN_TOP + HEIGHT * (scale[-1] - value) / (scale[-1] - scale[0]), 1)


def _lines(scale: range) -> list[GridLine]:
    return [GridLine(value, _down(value, scale)) for value in reversed(scale)]
