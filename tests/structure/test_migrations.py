"""Migrations: one line of them, up from nothing to what the models say, and down to nothing again."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import Engine, inspect, select, text

import config
from app import clock
from app.crypto import sealing
from app.data_keys.check import check_keys
from app.db import Base, db, transaction
from app.models import Membership, Organiser, Passkey, Petition, Role
from tests.factories import make_petition
from tests.organisers.people import make_organiser

SCRIPTS = ScriptDirectory(str(config.ROOT / "migrations"))
IN_ORDER = [script.revision for script in reversed(list(SCRIPTS.walk_revisions()))]


@pytest.fixture
def app(bare_app: Flask) -> Iterator[Flask]:
    """The app on a database that has nothing in it."""
    with bare_app.app_context():
        yield bare_app


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def details(engine: Engine) -> dict[str, list[tuple[str, str]]]:
    """Return what compare_metadata does not look at: checks, foreign keys' actions, what partial indexes are about."""
    looking = inspect(engine)
    found = {}
    for table in tables(engine):
        checks = [(one["name"], one["sqltext"]) for one in looking.get_check_constraints(table)]
        keys = [(one["name"], one["options"]) for one in looking.get_foreign_keys(table)]
        indexes = [(one["name"], spelt(one.get("dialect_options", {}))) for one in looking.get_indexes(table)]
        found[table] = sorted((str(name), str(detail)) for name, detail in [*checks, *keys, *indexes])
    return found


def spelt(options: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in options.items()}


def test_migrations_are_linear_and_named_by_date() -> None:
    assert len(SCRIPTS.get_heads()) == 1, "two migrations follow the same one: put one behind the other"
    for script in SCRIPTS.walk_revisions():
        name = Path(script.path).name
        assert re.fullmatch(r"\d{8}_\d{4}_[a-z0-9_]+\.py", name), name
        assert name.startswith(script.revision)


def test_the_first_migration_keeps_its_id() -> None:
    assert SCRIPTS.get_bases() == ["20261128_2312"], "databases begin with it: put a new migration behind the newest"


def test_each_migration_can_be_downgraded(app: Flask) -> None:
    for revision in IN_ORDER:
        before = tables(db.engine)
        flask_migrate.upgrade(revision=revision)
        after = tables(db.engine)
        flask_migrate.downgrade(revision="-1")
        assert tables(db.engine) == before, f"{revision} leaves something behind when it is taken back"
        flask_migrate.upgrade(revision=revision)
        assert tables(db.engine) == after
    flask_migrate.downgrade(revision="base")
    assert tables(db.engine) == set()


def test_the_migrations_make_the_schema_of_the_models(app: Flask) -> None:
    flask_migrate.upgrade()
    with db.engine.connect() as connection:
        # Alembic takes SQLite's empty text for none.
        options = {"compare_type": True, "compare_server_default": connection.dialect.name != "sqlite"}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []
    migrated = details(db.engine)
    flask_migrate.downgrade(revision="base")
    Base.metadata.create_all(db.engine)
    assert migrated == details(db.engine)


def test_owners_of_an_opened_petition_may_open_others_from_then_on(app: Flask) -> None:
    petition = (
        "INSERT INTO petition (id, public_id, slug, language, started_by, contact, affiliation_field, country_field,"
        " comment_field, initiators, donations, links, mailbox_key, opened_at) VALUES (:id, :key, :name, 'en', '', '',"
        " 'off', 'off', 'off', '[]', '[]', '[]', :sealed, :opened_at)"
    )
    organiser = (
        "INSERT INTO organiser (id, public_id, language, active, fs_uniquifier, joined_at)"
        " VALUES (:id, :key, 'en', true, :name, '2026-11-01')"
    )
    member = (
        "INSERT INTO membership (petition_id, organiser_id, role, invited_until, sealed_address)"
        " VALUES (:petition, :organiser, :role, :until, :sealed)"
    )
    day = datetime(2026, 11, 1, tzinfo=UTC)
    names = [{"id": number, "key": bytes([number]), "name": str(number)} for number in range(1, 5)]
    mailbox_keys = [{"sealed": sealing.seal("mailbox-key", bytes([number]), ["00"])} for number in (1, 2)]
    no_offer: dict[str, object] = {"until": None, "sealed": None}
    flask_migrate.upgrade(revision="20261129_0700")
    with db.engine.begin() as connection:
        opened, a_draft = (name | key for name, key in zip(names, mailbox_keys, strict=False))
        connection.execute(text(petition), [opened | {"opened_at": day}, a_draft | {"opened_at": None}])
        connection.execute(text(organiser), names)
        members = [
            {"petition": 1, "organiser": 1, "role": "owner"} | no_offer,
            {"petition": 1, "organiser": 2, "role": "editor"} | no_offer,
            {"petition": 2, "organiser": 3, "role": "owner"} | no_offer,
            {"petition": 1, "organiser": 4, "role": "owner", "until": day, "sealed": b"x"},
        ]
        connection.execute(text(member), members)
    flask_migrate.upgrade()
    with db.engine.connect() as connection:
        assert connection.scalars(text("SELECT id FROM organiser WHERE may_open")).all() == [1]


def test_accounts_roles_and_passkeys_from_before_are_sealed_and_can_be_unsealed_again(app: Flask) -> None:
    flask_migrate.upgrade()
    check_keys()
    make_petition(app)
    owner = make_organiser(app, role=Role.OWNER, administrator=True, password="correct horse battery staple")
    with transaction() as session:
        olga = session.get_one(Organiser, owner)
        olga.tf_totp_secret = "a secret"
        passkey = {"credential_id": b"c", "public_key": b"k", "usage": "first", "lastuse_datetime": clock.now()}
        olga.webauthn.append(Passkey("my phone", olga.public_id, backup_state=False, device_type="one", **passkey))
    for _ in range(2):
        flask_migrate.downgrade(revision="20261129_0930")
        flask_migrate.upgrade()
    db.session.expire_all()
    olga, member, petition = (db.session.scalars(select(model)).one() for model in (Organiser, Membership, Petition))
    (passkey,) = olga.webauthn
    assert (passkey.name, passkey.is_genuine, olga.is_genuine) == ("my phone", True, True)
    assert member.genuine_role(petition, olga) == Role.OWNER


def test_slugs_from_before_are_sealed_and_can_be_unsealed_again(app: Flask) -> None:
    flask_migrate.upgrade()
    check_keys()
    make_petition(app)
    key, slug = unsealed_mailbox_key()
    flask_migrate.downgrade(revision="20261129_1040")
    assert unsealed_mailbox_key() == (key,)
    flask_migrate.upgrade()
    assert unsealed_mailbox_key() == (key, slug)
    assert db.session.scalars(select(Petition)).one().is_genuine


def unsealed_mailbox_key() -> tuple[str, ...]:
    with db.engine.connect() as connection:
        petition = connection.execute(select(Petition.public_id, Petition.mailbox_key)).one()
    return sealing.unseal("mailbox-key", petition.public_id, petition.mailbox_key).fields


def test_a_database_of_an_unknown_version_is_refused_with_a_message(app: Flask) -> None:
    flask_migrate.upgrade()
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '20261124_2240'"))
    before = details(db.engine)
    with pytest.raises(SystemExit, match="at version 20261124_2240, which this version of Countersign does not know"):
        flask_migrate.upgrade()
    assert details(db.engine) == before
