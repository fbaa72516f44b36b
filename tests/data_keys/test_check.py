"""The check of data keys: a missing or wrong one is refused with a message that says what to do."""

import base64
import os
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import delete, event, select, update

import config
from app import clock, create_app
from app.crypto import sealing
from app.data_keys.check import check_keys
from app.db import db, transaction
from app.models import DataKey
from config import ConfigError
from tests.conftest import SECRETS
from tests.factories import make_petition

pytestmark = pytest.mark.both_databases

FIRST = SECRETS["DATA_KEYS"]
SECOND, STRANGER = (
    base64.urlsafe_b64encode(bytes(range(start, start + 32))).decode().rstrip("=") for start in (50, 150)
)


def id_of(key: str) -> str:
    return sealing.key_id(config._data_key(key)).hex()


def refused(app: Flask) -> str:
    with app.app_context(), pytest.raises(ConfigError) as error:
        check_keys()
    return str(error.value)


def registered(app: Flask) -> dict[str, bool]:
    """Return the ids of the keys that the database knows, with whether each is needed."""
    with app.app_context():
        return {row.key_id.hex(): row.retired_at is None for row in db.session.scalars(select(DataKey))}


def test_a_missing_key_file_is_refused(tmp_path: Path) -> None:
    env = {"DATABASE_URL": f"sqlite:///{tmp_path}/site.db"}
    app = create_app(config.load(env, instance=tmp_path))
    with app.app_context():
        upgrade()
    make_petition(app)
    with app.app_context():
        check_keys()
        db.engine.dispose()
    (tmp_path / "data_keys").unlink()
    words = refused(create_app(config.load(env, instance=tmp_path)))
    assert f"Put the missing key back into {tmp_path}/data_keys from your backup" in words


def test_a_wrong_key_is_noticed_in_a_database_without_registered_keys(app: Flask, petition: str) -> None:
    with app.app_context(), transaction() as session:
        session.execute(delete(DataKey))
    right, app.config["DATA_KEYS"] = app.config["DATA_KEYS"], [config._data_key(STRANGER)]
    assert id_of(FIRST) in refused(app)
    assert registered(app) == {}, "a wrong key is not put down"
    app.config["DATA_KEYS"] = right
    with app.app_context():
        check_keys()
    assert registered(app) == {id_of(FIRST): True}


def test_while_nothing_is_sealed_other_keys_are_accepted(app: Flask) -> None:
    for key in (FIRST, STRANGER):
        app.config["DATA_KEYS"] = [config._data_key(key)]
        with app.app_context():
            check_keys()
        assert registered(app) == {id_of(key): True}
    make_petition(app)
    app.config["DATA_KEYS"] = [config._data_key(FIRST)]
    assert id_of(STRANGER) in refused(app)


def test_another_key_with_the_same_id_is_noticed(app: Flask, petition: str) -> None:
    with app.app_context():
        check_keys()
        with transaction() as session:
            stranger = config._data_key(STRANGER)
            public_id = os.urandom(16)
            probe = sealing.seal_bytes("data-key", public_id, b"", stranger)
            renamed = probe[:1] + bytes.fromhex(id_of(FIRST)) + probe[5:]
            session.execute(update(DataKey).values(public_id=public_id, probe=renamed))
    assert id_of(FIRST) in refused(app)


def test_a_retired_key_is_not_needed_until_it_is_the_newest_again(app: Flask) -> None:
    app.config["DATA_KEYS"] = [config._data_key(key) for key in (SECOND, FIRST)]
    make_petition(app)
    with app.app_context():
        check_keys()
        with transaction() as session:
            old = update(DataKey).where(DataKey.key_id == bytes.fromhex(id_of(FIRST)))
            session.execute(old.values(retired_at=clock.now()))
        check_keys()
        assert registered(app) == {id_of(SECOND): True, id_of(FIRST): False}
        app.config["DATA_KEYS"] = [config._data_key(SECOND)]
        check_keys()
        app.config["DATA_KEYS"] = [config._data_key(key) for key in (FIRST, SECOND)]
        check_keys()
    assert registered(app) == {id_of(SECOND): True, id_of(FIRST): True}


def test_the_check_writes_only_once_and_leaves_no_connection_open(app: Flask) -> None:
    with app.app_context():
        statements: list[str] = []
        event.listen(db.engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
        check_keys()
        assert [one for one in statements if one.startswith("INSERT")]
        statements.clear()
        check_keys()
        assert not [one for one in statements if not one.startswith(("SELECT", "PRAGMA", "BEGIN"))]
        assert db.engine.pool.checkedin() + db.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
