"""Many rows are changed to values of their own, and those that somebody else holds or has changed stay as they are."""

import os

import pytest
from flask import Flask
from sqlalchemy import event, select

from app.changed_rows import change_rows
from app.db import db, transaction
from app.models import Signature
from tests.watching.people import add_people


def keys(app: Flask) -> dict[bytes, bytes | None]:
    with app.app_context():
        return dict(db.session.execute(select(Signature.public_id, Signature.network_key)).all())


@pytest.mark.both_databases
def test_each_row_gets_its_own_value_and_a_row_that_differs_from_what_was_seen_none(app: Flask, petition: str) -> None:
    ids = add_people(app, 5)
    new = {public_id: os.urandom(32) for public_id in ids[:4]}
    with app.app_context(), transaction() as session:
        seen = ["SE", "SE", "SE", "NO"]
        changed = change_rows(
            session, Signature, {"public_id": [*new], "country": seen}, {"network_key": [*new.values()]}
        )
    assert changed == 3
    assert keys(app) == {**new, ids[3]: None, ids[4]: None}


@pytest.mark.both_databases
def test_no_rows_are_no_error(app: Flask) -> None:
    with app.app_context(), transaction() as session:
        assert change_rows(session, Signature, {"id": []}, {"network_key": []}) == 0


@pytest.mark.postgresql_alone
def test_a_row_that_another_transaction_holds_is_left_and_nobody_waits(app: Flask, petition: str) -> None:
    ids = add_people(app, 3)
    with app.app_context(), transaction() as holder:
        holder.scalars(select(Signature).where(Signature.public_id == ids[0]).with_for_update()).one()
        with app.app_context(), transaction() as session:
            new = [b"n" * 32] * 3
            assert change_rows(session, Signature, {"public_id": ids}, {"network_key": new}) == 2


@pytest.mark.postgresql_alone
def test_it_is_one_statement(app: Flask, petition: str) -> None:
    ids = add_people(app, 3)
    sent: list[str] = []
    with app.app_context(), transaction() as session:
        session.connection()
        record = lambda c, cursor, statement, *rest: sent.append(statement)  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", record)
        change_rows(session, Signature, {"public_id": ids}, {"network_key": [b"n" * 32] * 3})
        event.remove(db.engine, "before_cursor_execute", record)
    assert len(sent) == 1
