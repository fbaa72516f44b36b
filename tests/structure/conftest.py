"""An app on a database that has nothing in it, for tests of migrations."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from flask import Flask

from app.db import db
from tests.conftest import DATABASES, make_app, on_server
from tests.mail_server import MailServer


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
