"""Signing: a draft of each form, the same statements whoever signed before, and no readable data in the database."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, event, select

from app.connections import WRITES
from app.db import Base, db
from app.models import Draft, Signature, State
from app.models.signer import signer_of
from tests.factories import MAILBOXES, drafts, make_mailbox, make_petition, make_signature, proof, sign, written

pytestmark = pytest.mark.both_databases


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """Collect the statements that reach the database, in order."""
    seen: list[str] = []
    with app.app_context():
        engine = db.engine

    def record(connection, cursor, statement, *rest):  # type: ignore[no-untyped-def]
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", record)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", record)


def test_answer_and_statements_are_the_same_whatever_the_mailbox_did(
    app: Flask, client: FlaskClient, petition: str
) -> None:
    sign(client)  # the first one reads the site's keys
    found = {}
    for state in MAILBOXES:
        address = f"{state}@example.org".ljust(24, "x")
        make_mailbox(app, state, address)
        with statements(app) as seen:
            answer = sign(client, email=address)
        headers = sorted((name, len(value)) for name, value in answer.headers)
        found[state] = (answer.status_code, headers, len(answer.data), seen)
    assert found["nobody"][0] == 303
    for state in MAILBOXES:
        assert found[state] == found["nobody"], state


@pytest.mark.parametrize("has_proof", [False, True])
def test_a_draft_its_letter_and_its_proof_are_written_in_one_statement_that_reads_nothing(
    app: Flask, client: FlaskClient, petition: str, has_proof: bool
) -> None:
    fields = {"altcha": proof(client)} if has_proof else {}
    begun: list[object] = []

    def note(connection: Connection, options: dict[str, Any]) -> None:
        if options.get(WRITES):
            begun.append(options)

    event.listen(Engine, "set_connection_execution_options", note)
    try:
        with statements(app) as seen:
            sign(client, **fields)
    finally:
        event.remove(Engine, "set_connection_execution_options", note)
    writing = [re.sub(r"\s+", " ", one) for one in seen if not one.lstrip().startswith(("SELECT", "BEGIN"))]
    tables = ["spent_proof"] * has_proof + ["draft", "form_copy", "outbox"]
    assert re.findall(r"INSERT INTO (\w+)", " ".join(writing)) == tables
    on_postgresql = writing[0].startswith("WITH")
    assert (len(writing), len(begun)) == ((1, 0) if on_postgresql else (len(tables), 1))
    assert set(re.findall(r"FROM (\w+)", " ".join(writing))) <= {"new_spent_proof"}
    assert " ".join(writing).count("CONFLICT") == has_proof, "it is the proof's own key that may be there"
    assert has_proof or not any("SELECT" in one for one in writing)
    of_mailboxes = ("signature", "draft", "form_copy", "declined", "unwanted", "code_tries")
    assert not any(re.search(rf"FROM ({'|'.join(of_mailboxes)})\b", one) for one in seen)


def test_each_form_makes_a_draft_and_a_letter_of_its_own(app: Flask, client: FlaskClient, petition: str) -> None:
    for number in range(1, 4):
        sign(client)
        assert written(app) == (number, number)


@pytest.mark.parametrize("state", [State.VERIFIED, State.INVALIDATED])
def test_signing_again_changes_no_signature(app: Flask, client: FlaskClient, petition: str, state: State) -> None:
    make_signature(app, state=state)
    with app.app_context():
        before = tuple(db.session.execute(select(Signature.__table__)).one())
    sign(client, name="Somebody Else", visibility="organisers", country="FI")
    with app.app_context():
        assert tuple(db.session.execute(select(Signature.__table__)).one()) == before


def test_a_later_form_changes_no_earlier_one(app: Flask, client: FlaskClient, petition: str) -> None:
    sign(client, name="Ann Example", email="ann+1@gmail.com")
    with app.app_context():
        before = tuple(db.session.execute(select(Draft.__table__)).one())
    sign(client, name="Somebody Else", email="a.nn@gmail.com", visibility="organisers")
    first, second = drafts(app)
    assert first.email_key == second.email_key
    assert first.public_id != second.public_id
    with app.app_context():
        assert tuple(db.session.execute(select(Draft.__table__).order_by(Draft.signed_at)).first() or ()) == before
        assert signer_of(second).name == "Somebody Else"


def test_a_mailbox_has_different_keys_in_two_petitions(app: Flask, client: FlaskClient, petition: str) -> None:
    other = make_petition(app, slug='"another-petition"')
    sign(client)
    sign(client, other)
    first, second = drafts(app)
    assert first.email_key != second.email_key


def test_the_database_holds_no_readable_answer_of_a_signer(app: Flask, client: FlaskClient, petition: str) -> None:
    sign(client, name="Zorblax Quuxley", affiliation="Frobnicator", comment="Xyzzyplugh", email="wibble@example.org")
    with app.app_context():
        rows = [tuple(row) for table in Base.metadata.sorted_tables for row in db.session.execute(select(table))]
    held = repr(rows).lower()
    for word in ("zorblax", "quuxley", "frobnicator", "xyzzyplugh", "wibble"):
        assert word not in held
    assert "save the test library" in held


def test_sealed_values_do_not_show_how_long_a_name_is(app: Flask, client: FlaskClient, petition: str) -> None:
    sign(client, email="short@example.org", name="A", comment="")
    sign(client, email="long@example.org", name="A" * 90, comment="")
    short, long = drafts(app)
    assert short.sealed
    assert long.sealed
    assert len(short.sealed) == len(long.sealed)
