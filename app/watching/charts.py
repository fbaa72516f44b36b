"""The geometry of the dashboard's charts; their words and colours are in the templates and the style sheet.

A chart is 360 units wide, as a phone's page is, so that its words are readable there. Its lines go from the top down.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

WIDTH = 360
HEIGHT = 150
MARGIN_TOP = 18  # room for the words on the highest line
ROW_HEIGHT = 40
MAX_ROWS = 8


@dataclass(frozen=True, slots=True)
class GridLine:
    """A horizontal line of a chart: the value that it stands for, and how far down it is."""

    value: int
    y: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its upper left corner, and its size."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Curve:
    """A line through the values, in the words of SVG's `points`, the area below it, and the lines behind it."""

    points: str
    area: str
    lines: list[GridLine]


@dataclass(frozen=True, slots=True)
class Bars:
    """Upright bars, one for each value; those of negative values hang from the line of nought."""

    bars: list[Bar]
    lines: list[GridLine]


def curve(values: Sequence[int]) -> Curve:
    """Return the curve through `values`, of which there is at least one, from the left edge to the right one.

    It begins at nought unless that would press a high count flat; the lines say where it is.
    """
    lowest = min(values) if min(values) > max(values) / 2 else min(0, *values)
    scale = _scale(lowest, max(values))
    apart = WIDTH / max(len(values) - 1, 1)
    shown = [values[0], *values] if len(values) == 1 else values
    points = [f"{round(number * apart, 1):g},{_down(value, scale):g}" for number, value in enumerate(shown)]
    foot = MARGIN_TOP + HEIGHT
    return Curve(" ".join(points), " ".join([f"0,{foot}", *points, f"{WIDTH},{foot}"]), _lines(scale))


def bars(values: Sequence[int]) -> Bars:
    """Return upright bars for `values`, of which there is at least one, side by side over the whole width."""
    scale = _scale(min(0, *values), max(0, *values))
    each = WIDTH / len(values)
    nought = _down(0, scale)
    drawn = []
    for number, value in enumerate(values):
        end = _down(value, scale)
        x, width = round(number * each, 2), round(each * 0.8, 2)
        drawn.append(Bar(x, min(end, nought), width, round(abs(end - nought), 1)))
    return Bars(drawn, _lines(scale))


def rows(values: Sequence[int]) -> list[Bar]:
    """Return lying bars for `values`, none negative, below each other, each with room for words above it."""
    most = max([1, *values])
    return [Bar(0, number * ROW_HEIGHT + 22, round(WIDTH * value / most, 1), 10) for number, value in enumerate(values)]


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
