"""The numbers that viewers see: looked at once an hour, rounded to tens, and shown anew once they have moved enough."""

from datetime import datetime

from sqlalchemy import select

from app import clock
from app.crypto import tokens
from app.db import db, insert, transaction
from app.models import HourlyNumbers, Petition
from app.watching.numbers import typed_numbers

STEP = 10


def round_numbers() -> int:
    """Look at the numbers of each petition once in this hour; return of how many petitions it did."""
    now = clock.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    done = select(HourlyNumbers.petition_id).where(HourlyNumbers.at >= hour)
    due = db.session.scalars(select(Petition.id).where(Petition.id.not_in(done))).all()
    for petition_id in due:
        _write(petition_id, now, hour)
    return len(due)


def _write(petition_id: int, now: datetime, hour: datetime) -> None:
    exact = typed_numbers(petition_id, now)._asdict()
    shown = db.session.get(HourlyNumbers, petition_id, populate_existing=True)
    values = {name: _shown(petition_id, name, number, getattr(shown, name, 0)) for name, number in exact.items()}
    with transaction() as session:
        new = insert(HourlyNumbers).values(petition_id=petition_id, at=hour, **values)
        session.execute(new.on_conflict_do_update(index_elements=["petition_id"], set_={"at": hour, **values}))


def _shown(petition_id: int, name: str, exact: int, shown: int) -> int:
    """Return the number to show from now on: the one shown, until the exact one is far enough from that."""
    far_enough = abs(exact - shown) >= _threshold(petition_id, name, shown)
    return STEP * round(exact / STEP) if far_enough else shown


def _threshold(petition_id: int, name: str, shown: int) -> int:
    """Return how far a number must move to be shown anew: 10 to 19, another one for each that is shown.

    If it were known, somebody could bring a number to just below it with mailboxes of their own, and then type one
    address to see what becomes of it. If it were drawn anew each hour, they would only have to watch for longer.
    """
    return STEP + tokens.keyed_hash("hourly numbers", f"{petition_id} {name} {shown}")[0] % STEP
