"""The next goal: first a small step, then the organiser's own until it is reached, then fixed steps."""

# Below it, a bar on its way to the organiser's goal would show that nobody came, and a zero that nobody will.
FEW = 25
_FIRST = (FEW, 50, 100, 200, 500, 1_000, 1_500, 2_500, 5_000, 7_500)
_REPEATING = (10_000, 15_000, 25_000, 35_000, 50_000, 75_000)


def next_goal(verified: int, own: int | None) -> int:
    """Return the goal to show at `verified` signatures: `own` until it is reached, then the first step above.

    Below FEW it is that step, or the organiser's own if that is nearer.
    """
    if own is not None and verified < own:
        return own if verified >= FEW else min(own, FEW)
    for step in _FIRST:
        if step > verified:
            return step
    times = 1
    while True:
        for step in _REPEATING:
            if step * times > verified:
                return step * times
        times *= 10


def percent(verified: int, goal: int) -> int:
    """Return how much of the goal is reached, in whole per cent, rounded down, so that 100 means reached."""
    return min(100, verified * 100 // goal)
