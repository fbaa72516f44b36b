"""What every test can ask for: the app on a database, a client, a mail server, and a worker's turn.

Tests run on SQLite; those marked `both_databases` on PostgreSQL too, because their SQL, locks or times matter.
"""

import gc
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from hypothesis import settings

from app.confirmation import remind
from app.outbox import pace
from app.worker import work_once
from tests.apps import SECRETS, lent, make_app
from tests.databases import DATABASES, on_server
from tests.factories import make_petition
from tests.mail_server import MailServer

__all__ = ["DATABASES", "SECRETS", "make_app", "on_server"]

settings.register_profile("untimed", deadline=None)  # machines are busy
settings.load_profile("untimed")
pytest_plugins = ["tests.database_fixtures", "tests.faults"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the slow stories as well")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the slow tests out unless they are asked for, and put what takes long first, so that nothing waits for it.

    Each of the workers begins with its part of the list, so each part begins with some of the long ones.
    """
    if not config.getoption("--slow"):
        slow = [item for item in items if item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in set(slow)]
    items.sort(key=lambda item: (not item.get_closest_marker("slow"), "flows" not in item.path.parts))
    workers = int(config.workerinput["workercount"]) if hasattr(config, "workerinput") else 1
    items[:] = [item for first in range(workers) for item in items[first::workers]]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Start the garbage collector, which is off while tests are imported (see tests/__init__.py), past all of that."""
    gc.freeze()
    gc.enable()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that needs a database on SQLite, or on both."""
    if "database_kind" in metafunc.fixturenames:
        marked = metafunc.definition.get_closest_marker
        kinds = (
            DATABASES if marked("both_databases") else DATABASES[1:] if marked("postgresql_alone") else DATABASES[:1]
        )
        metafunc.parametrize("database_kind", kinds)


@pytest.fixture(scope="session")
def apps() -> dict[str, Flask]:
    """The apps that this session has made so far, by kind of database."""
    return {}


@pytest.fixture(scope="session")
def session_mail_server() -> Iterator[MailServer]:
    server = MailServer()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def _unpaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have letters that are written alone take no longer than they do, and reminders leave at once."""
    monkeypatch.setattr(pace, "WRITING_SECONDS", 0)
    monkeypatch.setattr(pace, "MAX_WRITING_SECONDS", 0)
    monkeypatch.setattr(pace, "COPIES", pace.Pace())
    monkeypatch.setattr(pace, "OTHERS", pace.Pace())
    monkeypatch.setattr(remind, "SPREAD", timedelta(0))


@pytest.fixture
def mail_server(session_mail_server: MailServer) -> MailServer:
    """A real SMTP server on loopback that keeps what it takes and can be told how to answer."""
    session_mail_server.reset()
    return session_mail_server


@pytest.fixture
def app(
    database_kind: str,
    database_url: str,
    mail_server: MailServer,
    apps: dict[str, Flask],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Flask]:
    """The app on its own database, with its own mail server."""
    if database_kind not in apps:
        folder = tmp_path_factory.mktemp("instance")
        apps[database_kind] = make_app(folder, database_url, mail_server.port, SMTP_TIMEOUT_SECONDS=2)
    with lent(apps[database_kind]) as app:
        yield app


@pytest.fixture
def own_app(database_url: str, mail_server: MailServer, tmp_path: Path) -> Iterator[Flask]:
    """An app that no other test uses, for what changes it for good."""
    app = make_app(tmp_path, database_url, mail_server.port, SMTP_TIMEOUT_SECONDS=2)
    with lent(app):
        yield app


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
