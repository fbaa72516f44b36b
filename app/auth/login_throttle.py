"""The login throttle: limits attempts at a password or code by account, whoever makes them.

An attempt is counted before the secret is compared, in one statement, so that concurrent attempts cannot exceed the
limit. A successful one is subtracted again. Attempts at an address without an account are counted in the same way.
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
    """The kind of secret that is guessed."""

    PASSWORD = "password"  # noqa: S105 - not a password
    CODE = "code"
    RECOVERY_CODE = "recovery code"


MAX_ATTEMPTS = {Secret.PASSWORD: 10, Secret.CODE: 5, Secret.RECOVERY_CODE: 10}
WINDOWS = {Secret.PASSWORD: timedelta(minutes=15), Secret.CODE: MAX_WINDOW, Secret.RECOVERY_CODE: MAX_WINDOW}


class TooManyAttempts(Exception):
    """The attempt is refused. `is_first` is true for the first refused attempt of a window."""

    def __init__(self, secret: Secret, *, is_first: bool) -> None:
        super().__init__(secret)
        self.secret = secret
        self.is_first = is_first


def count_attempt(secret: Secret, account: str) -> None:
    """Count an attempt at an account's secret (upsert); raise TooManyAttempts if it must not be compared."""
    now = clock.now()
    is_over = LoginAttempt.since <= now - WINDOWS[secret]
    counted = insert(LoginAttempt).values(key=_key(secret, account), attempts=1, since=now)
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


def uncount_attempt(session: Session, secret: Secret, account: str) -> None:
    """Subtract one successful attempt; the caller commits.

    The others stay counted, or strangers could find out from their limit that the owner has signed in.
    """
    uncounted = (
        update(LoginAttempt)
        .where(LoginAttempt.key == _key(secret, account), LoginAttempt.attempts > 0)
        .values(attempts=LoginAttempt.attempts - 1)
    )
    session.execute(uncounted.execution_options(synchronize_session=False))


def forget_attempts(session: Session, account: str, *secrets: Secret) -> None:
    """Delete an account's counts; the caller commits."""
    session.execute(delete(LoginAttempt).where(LoginAttempt.key.in_([_key(secret, account) for secret in secrets])))


def forget_old_attempts(now: datetime | None = None) -> int:
    """Delete expired counts; return how many."""
    over = (
        select(LoginAttempt.key)
        .where(LoginAttempt.since <= (now or clock.now()) - MAX_WINDOW)
        .order_by(LoginAttempt.since)
    )
    return in_batches(
        over, lambda session, keys: session.execute(delete(LoginAttempt).where(LoginAttempt.key.in_(keys)))
    )


def _key(secret: Secret, account: str) -> bytes:
    return tokens.keyed_hash(f"attempt at {secret}", account)
