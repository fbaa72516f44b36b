"""Databases for tests: each made once for a worker of the suite, and emptied before each test that asks for it."""

import shutil
from pathlib import Path

import psycopg
from flask_migrate import upgrade
from psycopg import sql

from app.db import db
from tests.apps import make_app

DATABASES = ("sqlite", "postgresql")
MIGRATIONS = "alembic_version"


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


class PostgresqlDatabase:
    """A database on the test server, emptied by truncating those tables that have rows."""

    def __init__(self, folder: Path, server: str) -> None:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("CREATE DATABASE test")
        self.url = on_server(server, "test")
        _migrate(folder, self.url)
        with psycopg.connect(self.url) as connection:
            found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            tables = [name for (name,) in found if name != MIGRATIONS]
        parts = [
            sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(name, sql.Identifier(name)) for name in tables
        ]
        self._with_rows = sql.SQL(" UNION ALL ").join(parts)

    def reset(self) -> None:
        """Make it as empty as it was after migrating, whatever is still connected."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            tables = [name for (name,) in connection.execute(self._with_rows)]
            if not tables:
                return
            # The audit log refuses to be emptied. No trigger runs for this connection, which ends here.
            connection.execute("SET session_replication_role = replica")
            names = sql.SQL(", ").join(map(sql.Identifier, tables))
            connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(names))


def on_server(server: str, name: str) -> str:
    """Return the URL of a database on the test server."""
    before, _, query = server.partition("?")
    return f"{before.rpartition('/')[0]}/{name}?{query}"


def _migrate(folder: Path, url: str) -> None:
    app = make_app(folder, url)
    with app.app_context():
        upgrade()
        db.engine.dispose()
