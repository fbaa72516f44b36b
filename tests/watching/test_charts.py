"""Charts: for any numbers, they stay inside their frame, keep the order, and have correct grid lines."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.watching.charts import HEIGHT, MARGIN_TOP, WIDTH, GridLine, bars, curve, rows

NUMBERS = st.lists(st.integers(-(10**6), 10**9), min_size=1, max_size=104)


def check_lines(lines: list[GridLine], values: list[int]) -> None:
    assert 2 <= len(lines) <= 6
    assert lines[0].value >= max(values) and lines[-1].value <= min(values)
    assert (lines[0].y, lines[-1].y) == (MARGIN_TOP, MARGIN_TOP + HEIGHT)
    apart = {before.value - after.value for before, after in pairwise(lines)}
    assert len(apart) == 1 and min(apart) >= 1


@given(values=NUMBERS)
def test_a_curve_spans_the_width_and_stays_inside_its_frame(values: list[int]) -> None:
    drawn = curve(values)
    points = [tuple(map(float, point.split(","))) for point in drawn.points.split()]
    assert (points[0][0], points[-1][0]) == (0, WIDTH)
    assert all(MARGIN_TOP <= y <= MARGIN_TOP + HEIGHT for _, y in points)
    heights = [-y for _, y in points[-len(values) :]]
    in_order = sorted(range(len(values)), key=values.__getitem__)
    assert [heights[which] for which in in_order] == sorted(heights)
    assert drawn.area.split()[1:-1] == drawn.points.split()
    check_lines(drawn.lines, values)


@given(values=NUMBERS)
def test_bars_are_side_by_side_and_negative_ones_below_zero(values: list[int]) -> None:
    drawn = bars(values)
    nought = next(line.y for line in drawn.lines if line.value == 0)
    for value, bar, following in zip(values, drawn.bars, [*drawn.bars[1:], None], strict=True):
        assert bar.x >= 0 and bar.x + bar.width <= (following.x if following else WIDTH) + 0.1
        assert bar.y >= MARGIN_TOP and bar.y + bar.height <= MARGIN_TOP + HEIGHT + 0.1
        assert (bar.y if value < 0 else round(bar.y + bar.height, 1)) == nought
    check_lines(drawn.lines, [0, *values])


@given(values=st.lists(st.integers(0, 10**9), max_size=12))
def test_horizontal_bars_are_proportional_to_the_longest(values: list[int]) -> None:
    drawn = rows(values)
    for value, bar in zip(values, drawn, strict=True):
        assert abs(bar.width - WIDTH * value / max([1, *values])) <= 0.05
    assert all(after.y - before.y > before.height for before, after in pairwise(drawn))


def test_the_curve_of_a_slowly_growing_high_count_is_not_flat() -> None:
    drawn = curve([100_000, 100_500])
    assert drawn.lines[-1].value == 100_000
    assert curve([2, 9]).lines[-1].value == 0
