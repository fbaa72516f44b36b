"""The numbers that viewers see: counted each hour anew, and rounded to tens."""

from datetime import datetime

from sqlalchemy import select

from app import clock
from app.crypto import tokens
from app.db import db, insert, transaction
from app.models import HourlyNumbers, Petition
from app.watching.numbers import typed_numbers

STEP = 10


def round_numbers() -> int:
    """Write this hour's rounded numbers of each petition that has none yet; return how many petitions that were."""
    now = clock.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    done = select(HourlyNumbers.petition_id).where(HourlyNumbers.at >= hour)
    due = db.session.scalars(select(Petition.id).where(Petition.id.not_in(done))).all()
    for petition_id in due:
        _write(petition_id, now, hour)
    return len(due)


def _write(petition_id: int, now: datetime, hour: datetime) -> None:
    shift = _shift(petition_id, hour)
    exact = typed_numbers(petition_id, now)._asdict()
    rounded = {name: (number + shift) // STEP * STEP for name, number in exact.items()}
    with transaction() as session:
        new = insert(HourlyNumbers).values(petition_id=petition_id, at=hour, **rounded)
        session.execute(new.on_conflict_do_update(index_elements=["petition_id"], set_={"at": hour, **rounded}))


def _shift(petition_id: int, hour: datetime) -> int:
    """Return what is added before rounding down: where one ten ends and the next begins is another place each hour.

    If it were always the same, somebody could bring a number to just below it with mailboxes of their own, and then
    type one address to see what becomes of it.
    """
    return tokens.keyed_hash("hourly numbers", f"{petition_id} {hour.isoformat()}")[0] % STEP
