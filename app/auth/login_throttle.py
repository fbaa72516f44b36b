"""The login throttle: how many attempts at a password or code an account takes, whoever makes them.

An attempt is counted before anything is compared, in one statement, so that concurrent attempts get no further than
those one after the other. Successful ones are taken off again. An address without an account is counted alike.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import case, delete, select, update
from sqlalchemy.orm import Session

from app import clock
from app.crypto import tokens
from app.db import in_batches, insert, transaction
from app.models import LoginAttempt

MAX_WINDOW = timedelta(hours=1)


class Secret(StrEnum):
    """What an attempt is made at."""

    PASSWORD = "password"  # noqa: S105 - the name of one
    CODE = "code"
    RECOVERY_CODE = "recovery code"


MAX_ATTEMPTS = {Secret.PASSWORD: 10, Secret.CODE: 5, Secret.RECOVERY_CODE: 10}
WINDOWS = {Secret.PASSWORD: timedelta(minutes=15), Secret.CODE: MAX_WINDOW, Secret.RECOVERY_CODE: MAX_WINDOW}


class TooManyAttempts(Exception):
    """No more attempts are taken for a while. `is_first` tells the first one refused from those after it."""

    def __init__(self, secret: Secret, *, is_first: bool) -> None:
        super().__init__(secret)
        self.secret = secret
        self.is_first = is_first


def count_attempt(secret: Secret, whose: str) -> None:
    """Count one more attempt at somebody's secret; raise TooManyAttempts where it must not even be compared."""
    now = clock.now()
    is_over = LoginAttempt.since <= now - WINDOWS[secret]
    counted = insert(LoginAttempt).values(key=_key(secret, whose), attempts=1, since=now)
    counted = counted.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "attempts": case((is_over, 1), else_=LoginAttempt.attempts + 1),
            "since": case((is_over, now), else_=LoginAttempt.since),
        },
        where=is_over | (LoginAttempt.attempts <= MAX_ATTEMPTS[secret]),
    )
    with transaction() as session:
        attempts = session.scalar(counted.returning(LoginAttempt.attempts))
    if attempts is None or attempts > MAX_ATTEMPTS[secret]:
        raise TooManyAttempts(secret, is_first=attempts is not None)


def uncount_attempt(session: Session, secret: Secret, whose: str) -> None:
    """Take one attempt off the count, as it was successful; the caller commits.

    The others stay counted: strangers, whose attempts they may be, must not see by them that the owner came.
    """
    mine = (
        update(LoginAttempt)
        .where(LoginAttempt.key == _key(secret, whose), LoginAttempt.attempts > 0)
        .values(attempts=LoginAttempt.attempts - 1)
    )
    session.execute(mine.execution_options(synchronize_session=False))


def forget_attempts(session: Session, whose: str, *secrets: Secret) -> None:
    """Forget what was counted, as the secret was known after all; the caller commits."""
    session.execute(delete(LoginAttempt).where(LoginAttempt.key.in_([_key(secret, whose) for secret in secrets])))


def forget_old_attempts(now: datetime | None = None) -> int:
    """Delete the counts that are over; return how many."""
    over = (
        select(LoginAttempt.key)
        .where(LoginAttempt.since <= (now or clock.now()) - MAX_WINDOW)
        .order_by(LoginAttempt.since)
    )
    return in_batches(
        over, lambda session, keys: session.execute(delete(LoginAttempt).where(LoginAttempt.key.in_(keys)))
    )


def _key(secret: Secret, whose: str) -> bytes:
    return tokens.keyed_hash(f"attempt at {secret}", whose)
