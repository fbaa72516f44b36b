"""Erasing after closing deletes what forms said in small batches, and last of all what came in meanwhile."""

import sys
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select

from app.db import db
from app.models import Draft, FormCopy
from app.retention import erase
from tests.factories import make_draft, sign
from tests.retention.test_erase import close, erase_due

pytestmark = pytest.mark.both_databases

FORMS = 5


def left(app: Flask) -> list[int]:
    with app.app_context():
        return [db.session.scalars(select(func.count()).select_from(table)).one() for table in (Draft, FormCopy)]


def test_no_statement_deletes_more_forms_than_a_batch(
    app: Flask, client: FlaskClient, petition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["app.db"], "BATCH_SIZE", 2)
    for which in range(FORMS):
        sign(client, email=f"person{which}@example.org")
    deleted: dict[str, list[int]] = {"draft": [], "form_copy": []}

    def note(connection: object, cursor: Any, statement: str, *rest: object) -> None:
        for table, numbers in deleted.items():
            if statement.startswith(f"DELETE FROM {table} "):
                numbers.append(cursor.rowcount)

    close(app, days=91)
    with app.app_context():
        engine = db.engine
    event.listen(engine, "after_cursor_execute", note)
    try:
        erase_due(app)
    finally:
        event.remove(engine, "after_cursor_execute", note)
    assert left(app) == [0, 0]
    for numbers in deleted.values():
        assert sum(numbers) == FORMS and max(numbers) <= 2


def test_a_form_that_comes_while_the_others_are_deleted_is_deleted_last(
    app: Flask, petition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    purge = erase.purge_forms_of

    def purge_and_one_comes(petition_id: int, notice_id: int) -> int:
        purged = purge(petition_id, notice_id)
        make_draft(app, email="late@example.org")
        return purged

    monkeypatch.setattr(erase, "purge_forms_of", purge_and_one_comes)
    make_draft(app)
    close(app, days=91)
    erase_due(app)
    assert left(app)[0] == 0


def test_forms_stay_where_the_promised_days_are_not_over(app: Flask, client: FlaskClient, petition: str) -> None:
    sign(client)
    close(app, days=89)
    erase_due(app)
    assert left(app) == [1, 1]
