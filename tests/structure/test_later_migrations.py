"""Migrations after 0.1.0 run beside a site with ten million rows: none of them stops all who write there."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import text

import config
from app.data_keys.check import check_keys
from app.db import db
from tests.apps import SECRETS
from tests.structure.later_migrations import refusals
from tests.structure.test_migrations import SCRIPTS

BEFORE_RELEASES = "20261130_1420"  # the last one that was free to: nothing was released with it
ADMINS = 3
MIGRATING = 7105_2026  # as in migrations/env.py
CONNECTED = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
BUILT = text("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_signature_example'::regclass")
EXAMPLE = f'''"""An index beside the site.

Revision ID: 20990101_0000
Revises: {SCRIPTS.get_current_head()}
"""

from alembic import op

revision = "20990101_0000"
down_revision = "{SCRIPTS.get_current_head()}"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_signature_example", "signature", if_exists=True, postgresql_concurrently=True)
        op.create_index("ix_signature_example", "signature", ["language"], postgresql_concurrently=True)
'''


def test_no_later_migration_stops_a_large_site() -> None:
    later = SCRIPTS.iterate_revisions("head", BEFORE_RELEASES)
    refused = {Path(one.path).name: refusals(Path(one.path).read_text("utf-8")) for one in later}
    assert not {name: why for name, why in refused.items() if why}, "docs/releasing.md tells how instead"


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ('op.execute("UPDATE outbox SET turn_at = allowed_at")', "UPDATE outbox"),
        ("op.execute('update \"draft\" SET reminded = false')", 'update "draft'),
        ('op.execute("DELETE FROM ledger WHERE folded")', "DELETE FROM ledger"),
        ('for table in ("draft", "signature"): op.execute(f"UPDATE {table} SET sealed = NULL")', "UPDATE ?"),
        ('op.execute(f"UPDATE {TABLE} SET sealed = NULL")', "UPDATE signature"),
        ("op.execute(rows.update().values(sealed=None))", "update of signature"),
        ("op.get_bind().execute(sa.delete(rows))", "delete of signature"),
        ('op.create_index("ix", "outbox", ["due_at"])', "create_index on outbox"),
        ('op.create_index("ix", TABLE, ["id"], postgresql_concurrently=True)', "create_index on signature"),
        ('op.create_unique_constraint("uq", "draft", ["code_hash"])', "create_unique_constraint on draft"),
        ('op.execute("CREATE INDEX ix ON ledger (at)")', "an index is built"),
        ('op.add_column("draft", sa.Column("mark", sa.Integer(), index=True))', "add_column on draft"),
        ('op.alter_column("ledger", "at", type_=sa.String())', "alter_column on ledger"),
        ('op.alter_column("ledger", "at", nullable=False)', "alter_column on ledger"),
        ('op.create_check_constraint("ck", "draft", "language <> 0")', "create_check_constraint on draft"),
        ('op.create_foreign_key("fk", "draft", "petition", ["a"], ["b"])', "create_foreign_key on draft"),
        (
            'with op.batch_alter_table("ledger") as batch: batch.create_index("ix", ["at"])',
            "create_index on ledger",
        ),
        (
            'with op.get_context().autocommit_block(): op.create_index("ix", "draft", ["id"])',
            "create_index on draft",
        ),
    ],
)
def test_the_check_refuses_what_would_stop_it(statement: str, why: str) -> None:
    (said,) = refusals(_migration(statement))
    assert why in said


@pytest.mark.parametrize(
    "statement",
    [
        'op.add_column("signature", sa.Column("mark", sa.Integer(), nullable=True))',
        'op.alter_column("ledger", "at", nullable=True)',
        'op.create_foreign_key("fk", "draft", "petition", ["a"], ["b"], postgresql_not_valid=True)',
        'op.create_index("ix", "petition", ["slug"])',
        'op.execute("UPDATE petition SET slug = slug")',
        'op.execute("CREATE TRIGGER t AFTER UPDATE ON signature EXECUTE FUNCTION f()")',
        'op.execute("INSERT INTO recount_due SELECT id FROM petition ON CONFLICT DO UPDATE SET id = 1")',
        "op.execute(small.update().values(slug=None))",
    ],
)
def test_the_check_lets_through_what_takes_a_moment(statement: str) -> None:
    assert refusals(_migration(statement)) == []


def test_the_check_lets_an_index_be_built_beside_the_site() -> None:
    assert refusals(EXAMPLE) == []


def test_the_check_finds_what_was_done_before_releases() -> None:
    scripts = {script.revision: Path(script.path).read_text("utf-8") for script in SCRIPTS.walk_revisions()}
    assert refusals(scripts["20261129_0830"]) and refusals(scripts["20261129_1360"])


def _migration(statement: str) -> str:
    return f'''"""Never UPDATE signature in one statement."""
import sqlalchemy as sa
from alembic import op

TABLE = "signature"
rows = sa.table("signature", sa.column("sealed"))
small = sa.table("petition", sa.column("slug"))


def upgrade() -> None:
    {statement}
'''


@pytest.mark.slow
@pytest.mark.parametrize("bare_app", ["postgresql"], indirect=True)
def test_an_index_is_built_beside_the_site_once_however_many_migrate_at_once(bare_app: Flask, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    shutil.copytree(config.ROOT / "migrations", folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "20990101_0000_example.py").write_text(EXAMPLE, "utf-8")
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade", "--directory", str(folder)]
    mail = {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": "1"}
    environment = {
        **config.environment(),
        **SECRETS,
        **mail,
        "DATABASE_URL": bare_app.config["SQLALCHEMY_DATABASE_URI"],
    }
    pipe = subprocess.PIPE
    with bare_app.app_context():
        flask_migrate.upgrade()
        check_keys()
        db.session.remove()
        db.engine.dispose()
        with db.engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:number)"), {"number": MIGRATING})
            started = [
                subprocess.Popen(command, cwd=config.ROOT, env=environment, stdout=pipe, stderr=pipe)
                for _ in range(ADMINS)
            ]
            while connection.scalars(CONNECTED).one() < ADMINS and all(one.poll() is None for one in started):
                time.sleep(0.05)
            connection.execute(text("SELECT pg_advisory_unlock(:number)"), {"number": MIGRATING})
            said = [one.communicate(timeout=300) for one in started]
            assert [one.returncode for one in started] == [0] * ADMINS, said
            assert connection.scalars(text("SELECT version_num FROM alembic_version")).one() == "20990101_0000"
            assert connection.scalars(BUILT).one()
