"""What a petition's count has reached: the first signature, shares of the organisers' own goal, each goal.

A step is new if it is above all that were reached before, so a count that goes down and up again reaches it once.
"""

from collections.abc import Iterator

from sqlalchemy import func, select

from app.db import db
from app.models import Notice, NoticeKind, Petition, Tally
from app.notices.found import Found
from app.petitions.goals import next_goal

PERCENTS = (25, 50, 75)
# Where several are reached at the same number, the last is told.
STEPS = (NoticeKind.SHARE, NoticeKind.GOAL, NoticeKind.FIRST)


def new_steps() -> list[list[Found]]:
    """Return, for each petition that has reached any, the steps that are new, the highest first."""
    told = (
        select(Notice.petition_id, func.max(Notice.number).label("number"))
        .where(Notice.kind.in_(STEPS))
        .group_by(Notice.petition_id)
        .subquery()
    )
    before = func.coalesce(told.c.number, 0).label("before")
    moved = (
        select(Petition.id, Petition.goal, Tally.base, before)
        .join(Tally, Tally.petition_id == Petition.id)
        .outerjoin(told, told.c.petition_id == Petition.id)
        .where(Tally.base > before)
    )
    found = [_reached(*row) for row in db.session.execute(moved)]
    return [steps for steps in found if steps]


def _reached(petition_id: int, own: int | None, verified: int, before: int) -> list[Found]:
    """Return the steps above `before` that a petition has reached, the highest first."""
    steps = {(number, kind): words for kind, number, words in _steps(verified, own) if before < number <= verified}
    in_order = sorted(steps, key=lambda step: (step[0], STEPS.index(step[1])), reverse=True)
    return [
        Found(petition_id, kind, number, {"verified": verified, **steps[number, kind]}) for number, kind in in_order
    ]


def _steps(verified: int, own: int | None) -> Iterator[tuple[NoticeKind, int, dict[str, int]]]:
    """Yield kind and number of all steps up to `verified`, and perhaps some above."""
    yield NoticeKind.FIRST, 1, {}
    if own:
        for percent in PERCENTS:
            yield NoticeKind.SHARE, -(-own * percent // 100), {"percent": percent, "goal": own}
    goal = next_goal(0, own)
    while goal <= verified:
        yield NoticeKind.GOAL, goal, {"goal": goal}
        goal = next_goal(goal, own)
