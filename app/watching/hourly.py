"""The numbers that viewers see: looked at once an hour, rounded to tens, and shown anew once they have moved enough."""

from collections import Counter
from datetime import datetime

from sqlalchemy import select

from app import clock
from app.crypto import tokens
from app.db import db, insert, transaction
from app.models import HourlyNumbers, Petition
from app.watching.numbers import TypedNumbers, typed_numbers
from app.watching.shares import exact_shares

STEP = 10


def round_numbers() -> int:
    """Look at the numbers of each petition once in this hour; return of how many petitions it did."""
    now = clock.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    done = select(HourlyNumbers.petition_id).where(HourlyNumbers.at >= hour)
    was_opened = Petition.opened_at.is_not(None)  # a draft has no numbers, and anybody with an account makes drafts
    due = db.session.scalars(select(Petition.id).where(was_opened, Petition.id.not_in(done))).all()
    for petition_id in due:
        _write(petition_id, now, hour)
    return len(due)


def _write(petition_id: int, now: datetime, hour: datetime) -> None:
    exact = Counter(typed_numbers(petition_id, now)._asdict() | exact_shares(petition_id))
    shown = db.session.get(HourlyNumbers, petition_id, populate_existing=True)
    before = Counter({name: getattr(shown, name) for name in TypedNumbers._fields} | shown.shares if shown else {})
    moved_at = dict(shown.moved_at) if shown else {}
    now_shown = {
        name: _shown(f"{petition_id} {name} {moved_at.get(name)}", exact[name], before[name])
        for name in [*exact, *(before.keys() - exact)]
    }
    moved_at |= {name: clock.iso(now) for name, number in now_shown.items() if number != before[name]}
    values: dict[str, object] = {name: now_shown.pop(name) for name in TypedNumbers._fields}
    values |= {"moved_at": moved_at, "shares": {name: number for name, number in now_shown.items() if number}}
    with transaction() as session:
        new = insert(HourlyNumbers).values(petition_id=petition_id, at=hour, **values)
        session.execute(new.on_conflict_do_update(index_elements=["petition_id"], set_={"at": hour, **values}))


def _shown(which: str, exact: int, shown: int) -> int:
    """Return the number to show from now on: the one shown, until the exact one is far enough from that."""
    threshold, offset = _secrets(which)
    return STEP * ((exact + offset) // STEP) if abs(exact - shown) >= threshold else shown


def _secrets(which: str) -> tuple[int, int]:
    """Return how far a number must move to be shown anew (10 to 19), and what is added before it is rounded down.

    Both are others each time that the number has moved. If they were known, or could be learnt by bringing the number
    back, somebody could bring it to just below with mailboxes of their own, and then type one address to see what
    becomes of it. If they were drawn anew each hour, they would only have to watch for longer.
    """
    drawn = tokens.keyed_hash("hourly numbers", which)
    return STEP + drawn[0] % STEP, drawn[1] % STEP
