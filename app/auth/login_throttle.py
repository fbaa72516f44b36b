"""Guesses: how often passwords and codes may be tried for one account, whoever tries; the right one does not count.

Tries are counted before anything is looked at, in one statement, so that many at once get no further than one by one.
An address without an account is counted alike.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import case, delete, select, update
from sqlalchemy.orm import Session

from app import clock
from app.crypto import tokens
from app.db import in_batches, insert, transaction
from app.models import Guess

LONGEST = timedelta(hours=1)


class At(StrEnum):
    """What is guessed at."""

    PASSWORD = "password"  # noqa: S105 - the name of one
    CODE = "code"
    RECOVERY_CODE = "recovery code"


MOST = {At.PASSWORD: 10, At.CODE: 5, At.RECOVERY_CODE: 10}
WITHIN = {At.PASSWORD: timedelta(minutes=15), At.CODE: LONGEST, At.RECOVERY_CODE: LONGEST}


class TooMany(Exception):
    """No more guesses are taken for a while. `is_first` tells the first one refused from those after it."""

    def __init__(self, at: At, *, is_first: bool) -> None:
        super().__init__(at)
        self.at = at
        self.is_first = is_first


def take(at: At, whose: str) -> None:
    """Count one more guess at somebody's secret; raise TooMany where it must not even be looked at."""
    now = clock.now()
    is_over = Guess.since <= now - WITHIN[at]
    counted = insert(Guess).values(key=_key(at, whose), tries=1, since=now)
    counted = counted.on_conflict_do_update(
        index_elements=["key"],
        set_={"tries": case((is_over, 1), else_=Guess.tries + 1), "since": case((is_over, now), else_=Guess.since)},
        where=is_over | (Guess.tries <= MOST[at]),
    )
    with transaction() as session:
        tries = session.scalar(counted.returning(Guess.tries))
    if tries is None or tries > MOST[at]:
        raise TooMany(at, is_first=tries is not None)


def give_back(session: Session, at: At, whose: str) -> None:
    """Take one try off the count, as it was the right one; the caller commits.

    The others stay counted: strangers, whose tries they may be, must not see by them that the owner came.
    """
    mine = update(Guess).where(Guess.key == _key(at, whose), Guess.tries > 0).values(tries=Guess.tries - 1)
    session.execute(mine.execution_options(synchronize_session=False))


def forget(session: Session, whose: str, *at: At) -> None:
    """Forget what was counted, as the secret was known after all; the caller commits."""
    session.execute(delete(Guess).where(Guess.key.in_([_key(one, whose) for one in at])))


def forget_old(now: datetime | None = None) -> int:
    """Delete the counts that are over; return how many."""
    over = select(Guess.key).where(Guess.since <= (now or clock.now()) - LONGEST).order_by(Guess.since)
    return in_batches(over, lambda session, keys: session.execute(delete(Guess).where(Guess.key.in_(keys))))


def _key(at: At, whose: str) -> bytes:
    return tokens.keyed_hash(f"guess at {at}", whose)
