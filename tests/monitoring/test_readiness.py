"""`/readyz`: 503 as long as this process cannot answer people, and why; `/healthz` only tells that it is alive."""

import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import downgrade, upgrade
from sqlalchemy import text, update

import config
from app import clock
from app.crypto import sealing
from app.data_keys.check import check_keys
from app.db import db, transaction
from app.models import OutboxRow
from tests.apps import make_app
from tests.factories import sign
from tests.structure.test_migrations import IN_ORDER

pytestmark = pytest.mark.both_databases

OTHER_KEY = base64.urlsafe_b64encode(bytes(range(50, 82))).decode()


@pytest.fixture
def app(app: Flask) -> Flask:
    """A site that has started: its data keys are registered."""
    with app.app_context():
        check_keys()
    return app


def found(client: FlaskClient, status: int) -> dict[str, object]:
    """Return what `/readyz` tells this machine, after checking its status for everybody."""
    answer = client.get("/readyz")
    elsewhere = client.get("/readyz", environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert answer.status_code == elsewhere.status_code == status
    assert elsewhere.text == ("ready\n" if status == 200 else "not ready\n")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json is not None
    return dict(answer.json)


def test_a_site_as_it_should_be_is_ready(client: FlaskClient) -> None:
    told = found(client, 200)
    key = told.pop("data_keys")
    assert told == {
        "ready": True,
        "database": "reached",
        "migrations": f"at {IN_ORDER[-1]}",
        "outbox_late_seconds": 0,
    }
    assert str(key).startswith("here: ")


def test_a_database_that_is_away_is_told_and_the_process_is_alive(tmp_path: Path) -> None:
    nowhere = make_app(tmp_path, "postgresql://nobody@127.0.0.1:1/nothing").test_client()
    told = found(nowhere, 503)
    assert told["database"] == "away: OperationalError"
    assert (told["migrations"], told["outbox_late_seconds"]) == ("unknown", None)
    assert (nowhere.get("/healthz").status_code, nowhere.get("/healthz").text) == (200, "ok\n")


@pytest.fixture
def migrating(bare_app: Flask) -> Iterator[FlaskClient]:
    """Return a client of the site on a database that has nothing in it."""
    with bare_app.app_context():
        yield bare_app.test_client()


def test_a_database_that_must_still_be_migrated_makes_no_process_ready(migrating: FlaskClient) -> None:
    head = IN_ORDER[-1]
    assert found(migrating, 503)["migrations"] == f"at None, and this process needs {head}: run db upgrade"
    upgrade(revision=IN_ORDER[-2])
    assert found(migrating, 503)["migrations"] == f"at {IN_ORDER[-2]}, and this process needs {head}: run db upgrade"
    upgrade()
    assert found(migrating, 200)["migrations"] == f"at {head}"
    downgrade(revision="-1")
    found(migrating, 503)


def test_a_process_of_the_version_before_stays_ready_while_the_site_is_upgraded(migrating: FlaskClient) -> None:
    upgrade()
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '20991231_2359'"))
    assert str(found(migrating, 200)["migrations"]).startswith("at 20991231_2359, of a newer version")


def test_a_missing_data_key_is_told_by_its_id(app: Flask, client: FlaskClient) -> None:
    needed = sealing.key_id(app.config["DATA_KEYS"][0]).hex()
    app.config["DATA_KEYS"] = [config._data_key(OTHER_KEY)]
    told = found(client, 503)
    assert told["data_keys"] == f"lacking {needed}; here are {sealing.key_id(config._data_key(OTHER_KEY)).hex()}"


def test_a_key_of_the_same_id_that_opens_nothing_is_not_right(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed = sealing.key_id(app.config["DATA_KEYS"][0])
    app.config["DATA_KEYS"] = [config._data_key(OTHER_KEY)]
    monkeypatch.setattr(sealing, "key_id", lambda key: needed)
    found(client, 503)


def test_a_key_file_that_cannot_be_read_is_told(app: Flask, client: FlaskClient, tmp_path: Path) -> None:
    app.config["DATA_KEYS_FILE"] = config.KeyFile(tmp_path / "gone")
    assert found(client, 503)["data_keys"] == "cannot be read: FileNotFoundError"


def test_a_late_outbox_is_told_and_shuts_nobody_out(app: Flask, client: FlaskClient, petition: str) -> None:
    sign(client)
    with app.app_context(), transaction() as session:
        session.execute(update(OutboxRow).values(due_at=clock.now() - timedelta(minutes=90, seconds=10)))
    assert found(client, 200)["outbox_late_seconds"] == 5400
