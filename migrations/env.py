"""Runs the migrations over the app's own connection, one machine at a time.

All of them are one transaction, but for those that build an index beside a running site: docs/releasing.md tells how.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from alembic import context
from flask import current_app
from sqlalchemy import Connection, text

from app.connections import WRITES
from app.db import db

MIGRATING = 7105_2026  # any number, as long as nothing else in this database locks it
ASKED_AGAIN_SECONDS = 0.2


def run() -> None:
    """Bring the database to the version that was asked for."""
    settings = current_app.extensions["migrate"].configure_args
    with db.engine.connect().execution_options(**{WRITES: True}) as connection, _alone(connection):
        if connection.dialect.name == "sqlite":
            _foreign_keys(connection, "OFF")  # SQLite alters a table by making another one, and dropping the first
        context.configure(connection=connection, target_metadata=db.metadata, transactional_ddl=True, **settings)
        with context.begin_transaction():
            _refuse_unknown()
            context.run_migrations()
            if connection.dialect.name == "sqlite" and connection.execute(text("PRAGMA foreign_key_check")).first():
                raise RuntimeError("a migration left rows that refer to nothing")
        if connection.dialect.name == "sqlite":
            _foreign_keys(connection, "ON")


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """Wait until nobody else migrates; SQLite's one write lock sees to that itself.

    The lock is the session's and not the transaction's, which ends where an index is built beside the site. It is asked
    for again and again, as building that index waits for every statement under way: one that waited for this lock, too.
    """
    if connection.dialect.name != "postgresql":
        yield
        return
    number = {"number": MIGRATING}
    while not connection.execute(text("SELECT pg_try_advisory_lock(:number)"), number).scalar_one():
        connection.rollback()
        time.sleep(ASKED_AGAIN_SECONDS)
    connection.rollback()
    try:
        yield
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:number)"), number)
        connection.rollback()


def _foreign_keys(connection: Connection, wanted: str) -> None:
    """Turn foreign keys on or off, which SQLite does between transactions only."""
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute(f"PRAGMA foreign_keys={wanted}")


def _refuse_unknown() -> None:
    """End with words for the operator where the database is at a version that is not among these migrations."""
    known = {script.revision for script in context.script.walk_revisions()}
    unknown = set(context.get_context().get_current_heads()) - known
    if unknown:
        sys.exit(
            f"The database is at version {', '.join(unknown)}, which this version of Countersign does not know: it was"
            " made by a newer one, or by one from before 0.1.0. Nothing was changed; see CHANGELOG.md."
        )


run()
