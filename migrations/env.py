"""Runs the migrations over the app's own connection, all of them in one transaction, one machine at a time."""

from alembic import context
from flask import current_app
from sqlalchemy import text

from app.db import WRITES, db

MIGRATING = 7105_2026  # any number, as long as nothing else in this database locks it


def run() -> None:
    """Bring the database to the version that was asked for."""
    settings = current_app.extensions["migrate"].configure_args
    with db.engine.connect().execution_options(**{WRITES: True}) as connection:
        context.configure(connection=connection, target_metadata=db.metadata, transactional_ddl=True, **settings)
        with context.begin_transaction():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SET LOCAL statement_timeout = 0"))  # large tables take their time
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": MIGRATING})
            context.run_migrations()


run()
