"""Signing: answer and statements are the same whoever signed before, and the database holds no readable data."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from app.db import Base, db
from app.models import OutboxRow, Signature, State
from app.models.signer import signer_of
from tests.factories import make_petition, make_signature, sign, signatures

pytestmark = pytest.mark.both_databases

STATES = [None, *State]


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


def answers_and_statements(app: Flask, client: FlaskClient) -> dict[State | None, tuple[object, list[str]]]:
    found = {}
    for state in STATES:
        address = f"{state or 'nobody'}@example.org".ljust(24, "x")
        if state:
            make_signature(app, state=state, email=address)
        with statements(app) as seen:
            answer = sign(client, email=address)
        headers = sorted((name, len(value)) for name, value in answer.headers)
        found[state] = ((answer.status_code, headers, len(answer.data)), seen)
    return found


def test_answer_and_statements_are_the_same_whatever_the_mailbox_signed(
    app: Flask, client: FlaskClient, petition: str
) -> None:
    found = answers_and_statements(app, client)
    answer, seen = found[None]
    assert answer[0] == 303  # type: ignore[index]
    assert len(seen) > 3
    for state in STATES:
        assert found[state] == (answer, seen), state


def test_each_form_writes_exactly_one_outbox_row(app: Flask, client: FlaskClient, petition: str) -> None:
    for number in range(1, 4):
        sign(client)
        with app.app_context():
            assert len(db.session.scalars(select(OutboxRow)).all()) == number
    assert len(signatures(app)) == 1


@pytest.mark.parametrize("state", [State.VERIFIED, State.INVALIDATED, State.DECLINED])
def test_signing_again_does_not_change_a_signature_that_is_not_pending(
    app: Flask, client: FlaskClient, petition: str, state: State
) -> None:
    make_signature(app, state=state)
    with app.app_context():
        before = tuple(db.session.execute(select(Signature.__table__)).one())
    sign(client, name="Somebody Else", visibility="organisers", country="FI")
    with app.app_context():
        assert tuple(db.session.execute(select(Signature.__table__)).one()) == before


def test_after_withdrawing_a_mailbox_can_sign_again(app: Flask, client: FlaskClient, petition: str) -> None:
    withdrawn = make_signature(app, state=State.WITHDRAWN)
    sign(client)
    old, new = signatures(app)
    assert (old.public_id, old.state) == (withdrawn, State.WITHDRAWN)
    assert new.state == State.PENDING
    assert new.public_id != withdrawn


def test_the_newest_submission_replaces_a_pending_one(app: Flask, client: FlaskClient, petition: str) -> None:
    sign(client, name="Ann Mistyped", email="ann+1@gmail.com")
    first = signatures(app)[0].public_id
    sign(client, name="Ann Right", email="a.nn@gmail.com")
    (signature,) = signatures(app)
    assert signature.public_id == first
    with app.app_context():
        assert (signer_of(signature).name, signer_of(signature).email) == ("Ann Right", "a.nn@gmail.com")


def test_a_mailbox_has_different_keys_in_two_petitions(app: Flask, client: FlaskClient, petition: str) -> None:
    other = make_petition(app, slug='"another-petition"')
    sign(client)
    sign(client, other)
    first, second = signatures(app)
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
    short, long = signatures(app)
    assert short.sealed
    assert long.sealed
    assert len(short.sealed) == len(long.sealed)
