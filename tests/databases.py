"""Databases for tests: each made once for a worker of the suite, and emptied before each test that asks for it."""

import shutil
from pathlib import Path

import psycopg
from flask_migrate import upgrade
from psycopg import sql

from app.db import db
from app.models.site import make_site_keys
from tests.apps import make_app

DATABASES = ("sqlite", "postgresql")
MIGRATIONS = "alembic_version"
MAX_BYTES_TO_DELETE = 100_000
RESTART_SEQUENCES = (
    "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)"
    " FROM pg_sequences WHERE last_value IS NOT NULL"
)


class SqliteDatabase:
    """A file, put back as it was after migrating by copying that."""

    def __init__(self, folder: Path) -> None:
        self._path, self._empty = folder / "test.db", folder / "empty.db"
        self.url = f"sqlite:///{self._path}"
        _migrate(folder, f"sqlite:///{self._empty}")

    def reset(self) -> None:
        """Make it as empty as it was after migrating; nothing may be connected."""
        for left in self._path.parent.glob("test.db-*"):  # the write-ahead log of what was there before
            left.unlink()
        shutil.copyfile(self._empty, self._path)

    def close(self) -> None:
        """Nothing of it is open between tests."""


class PostgresqlDatabase:
    """A database on the test server, of which those tables that have rows are emptied."""

    def __init__(self, folder: Path, server: str) -> None:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("CREATE DATABASE test")
        self.url = on_server(server, "test")
        _migrate(folder, self.url)
        self._connection = psycopg.connect(self.url, autocommit=True)
        # The audit log refuses to be emptied. No trigger runs for this connection, which no test uses.
        self._connection.execute("SET session_replication_role = replica")
        self._connection.execute("CREATE TEMPORARY TABLE kept_site AS SELECT * FROM site")
        found = self._connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in found if name != MIGRATIONS]
        parts = [
            sql.SQL("SELECT {0}, pg_relation_size({0}::regclass) WHERE EXISTS (SELECT FROM {1})").format(
                name, sql.Identifier(name)
            )
            for name in tables
        ]
        self._with_rows = sql.SQL(" UNION ALL ").join(parts)

    def reset(self) -> None:
        """Make it as empty as it was after migrating, whatever is still connected."""
        self._connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        for name, size in self._connection.execute(self._with_rows).fetchall():
            # Truncating makes new files, which takes a hundred times as long as deleting a few rows.
            statement = "DELETE FROM {}" if size < MAX_BYTES_TO_DELETE else "TRUNCATE {} CASCADE"
            self._connection.execute(sql.SQL(statement).format(sql.Identifier(name)))
        self._connection.execute("INSERT INTO site SELECT * FROM kept_site")
        self._connection.execute(RESTART_SEQUENCES)

    def close(self) -> None:
        """End its connection."""
        self._connection.close()


def on_server(server: str, name: str) -> str:
    """Return the URL of a database on the test server."""
    before, _, query = server.partition("?")
    return f"{before.rpartition('/')[0]}/{name}?{query}"


def _migrate(folder: Path, url: str) -> None:
    app = make_app(folder, url)
    with app.app_context():
        upgrade()
        make_site_keys()
        db.engine.dispose()
