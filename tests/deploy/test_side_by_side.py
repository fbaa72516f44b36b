"""Upgrading without stopping: processes of this version go on while the next one's first step changes the tables."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import inspect, text

from app.db import db
from tests.factories import press_confirm, sign, verified
from tests.mail_server import MailServer, link_in

pytestmark = pytest.mark.both_databases


def expand(app: Flask) -> None:
    """Do what the first of a version's two steps may do: add columns, tables and indexes; change and drop nothing."""
    with app.app_context(), db.engine.begin() as connection:
        for table in inspect(connection).get_table_names():
            connection.execute(text(f'ALTER TABLE "{table}" ADD COLUMN of_the_next_version VARCHAR(20)'))
            connection.execute(text(f'ALTER TABLE "{table}" ADD COLUMN counted_by_it INTEGER NOT NULL DEFAULT 0'))
        connection.execute(text("CREATE TABLE of_the_next_version (id INTEGER PRIMARY KEY, draft_id INTEGER)"))
        connection.execute(text("CREATE INDEX ix_of_the_next_version ON signature (of_the_next_version)"))
        connection.execute(text("UPDATE alembic_version SET version_num = '20991231_0000'"))


def take_back(app: Flask) -> None:
    with app.app_context(), db.engine.begin() as connection:
        head = app.config["HEAD"]
        connection.execute(text("DROP INDEX ix_of_the_next_version"))
        connection.execute(text("DROP TABLE of_the_next_version"))
        for table in inspect(connection).get_table_names():
            for column in ("of_the_next_version", "counted_by_it"):
                connection.execute(text(f'ALTER TABLE "{table}" DROP COLUMN {column}'))
        connection.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": head})


def test_a_running_site_signs_confirms_and_withdraws_on_the_tables_of_the_next_version(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Callable[[], int]
) -> None:
    with app.app_context(), db.engine.connect() as connection:
        app.config["HEAD"] = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    for name in ("early", "late"):  # more than once, so that PostgreSQL has prepared the statements
        for number in range(6):
            sign(client, email=f"{name}{number}@example.org", where=f"192.0.2.{number}")
        work()
        if name == "early":
            for letter in mail_server.letters:
                assert press_confirm(client, link_in(letter)).status_code == 303
            expand(app)
    try:
        waiting = [letter for letter in mail_server.letters if letter["To"].startswith("late")]
        for letter in waiting:
            assert press_confirm(client, link_in(letter)).status_code == 303
        work()
        (thanks, *_) = [
            letter for letter in mail_server.to("late0@example.org") if "thank" in letter["Subject"].lower()
        ]
        client.post(link_in(thanks, "signature"), data={"act": "withdraw"})
        assert verified(client) == 11
        assert client.get("/readyz").status_code == 200, "the proxy keeps sending people here"
    finally:
        take_back(app)
