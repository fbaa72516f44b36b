"""Start a commit and go on: what is to follow it by a moment need not wait for its answer.

PostgreSQL commits what it was told to, whether or not the process that told it lives on to read that it did.
"""

from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import generators
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session


def start_commit(session: Session) -> Callable[[], None]:
    """Have the transaction of a session committed; return the function that waits until it is.

    Both raise OperationalError: this if it cannot be started, that if nobody knows whether it was committed. On SQLite
    it is committed at once, as our own process does that. Nothing else may be done in the transaction.
    """
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        session.commit()
        return lambda: None
    driver: Any = connection.connection.driver_connection
    try:
        driver.pgconn.send_query(b"COMMIT")
        driver.wait(generators.send(driver.pgconn))
    except psycopg.Error as error:
        raise _failed(session, error) from None

    def wait_until_committed() -> None:
        try:
            results = driver.wait(generators.fetch_many(driver.pgconn))
            if [result.command_status for result in results] != [b"COMMIT"]:
                raise psycopg.OperationalError("the transaction was not committed")
        except psycopg.Error as error:
            raise _failed(session, error) from None

    return wait_until_committed


def _failed(session: Session, error: psycopg.Error) -> OperationalError:
    session.invalidate()
    return OperationalError("COMMIT", None, error)
