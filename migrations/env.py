"""Runs the migrations over the app's own connection, all of them in one transaction, one machine at a time."""

import sys

from alembic import context
from flask import current_app
from sqlalchemy import Connection, text

from app.connections import WRITES
from app.db import db

MIGRATING = 7105_2026  # any number, as long as nothing else in this database locks it


def run() -> None:
    """Bring the database to the version that was asked for."""
    settings = current_app.extensions["migrate"].configure_args
    with db.engine.connect().execution_options(**{WRITES: True}) as connection:
        if connection.dialect.name == "sqlite":
            _foreign_keys(connection, "OFF")  # SQLite alters a table by making another one, and dropping the first
        context.configure(connection=connection, target_metadata=db.metadata, transactional_ddl=True, **settings)
        with context.begin_transaction():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": MIGRATING})
            _refuse_unknown()
            context.run_migrations()
            if connection.dialect.name == "sqlite" and connection.execute(text("PRAGMA foreign_key_check")).first():
                raise RuntimeError("a migration left rows that refer to nothing")
        if connection.dialect.name == "sqlite":
            _foreign_keys(connection, "ON")


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
