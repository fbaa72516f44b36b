"""The list of signatures: complete, in order, filtered, and at the same cost for every page."""

import os
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select, text, update

from app.db import db, transaction
from app.models import Signature, State
from app.watching import listing
from app.watching.listing import PAGE_SIZE, list_page
from app.watching.selection import Selection
from app.web.cursor import Cursor
from tests.factories import make_draft, make_petition
from tests.watching.people import NOON, add_people, petition_id_of

pytestmark = pytest.mark.both_databases

DEEP = 6_000


def walk(petition_id: int, selection: Selection = Selection()) -> list[list[str]]:  # noqa: B008 - never changed
    """Return the entries of all pages, by following the links to older ones."""
    pages, cursor = [], None
    while True:
        shown = list_page(petition_id, selection, cursor)
        pages.append([row.entry for row in shown.rows])
        if shown.older is None:
            return pages
        cursor = Cursor.decode(shown.older)


def test_all_pages_together_list_everyone_once_newest_first(app: Flask, petition: str) -> None:
    """Many have the same time, in every state, so that the time alone does not give the order."""
    people = [(state, add_people(app, 41, state, apart=timedelta(0))) for state in State]
    with app.app_context():
        petition_id = petition_id_of()
        pages = walk(petition_id)
        rows = {row.public_id.hex(): row.verified_at for row in db.session.scalars(select(Signature))}
    assert [len(one) for one in pages] == [50, 50, 23]
    shown = [entry for one in pages for entry in one]
    assert shown == sorted(rows, key=lambda entry: (rows[entry], entry), reverse=True)
    assert set(shown) == {public_id.hex() for _, ids in people for public_id in ids}


def test_paging_back_shows_the_same_pages(app: Flask, petition: str) -> None:
    add_people(app, 120)
    with app.app_context():
        petition_id = petition_id_of()
        first = list_page(petition_id, Selection())
        second = list_page(petition_id, Selection(), Cursor.decode(first.older or ""))
        third = list_page(petition_id, Selection(), Cursor.decode(second.older or ""))
        assert [len(one.rows) for one in (first, second, third)] == [50, 50, 20]
        assert (first.newer, third.older) == (None, None)
        back = list_page(petition_id, Selection(), Cursor.decode(third.newer or ""))
        assert [row.entry for row in back.rows] == [row.entry for row in second.rows]
        again = list_page(petition_id, Selection(), Cursor.decode(back.newer or ""))
        assert [row.entry for row in again.rows] == [row.entry for row in first.rows]
        assert again.newer is None


def test_filters_select_matching_signatures_of_this_petition_only(app: Flask, petition: str) -> None:
    make_petition(app, slug='"another"')
    add_people(app, 3, slug="another")
    swedes = add_people(app, 3, country="SE")
    norwegians = add_people(app, 2, country="NO", signed_at=NOON + timedelta(days=1))
    withdrawn = add_people(app, 2, State.WITHDRAWN, country="NO")
    make_draft(app)
    with app.app_context():
        petition_id = petition_id_of()

        def shown(**asked: Any) -> set[bytes]:
            return {bytes.fromhex(row.entry) for row in list_page(petition_id, Selection(**asked)).rows}

        assert shown() == {*swedes, *norwegians, *withdrawn}
        assert shown(country="NO") == {*norwegians, *withdrawn}
        assert shown(country="NO", state=State.VERIFIED) == {*norwegians}
        assert shown(state=State.WITHDRAWN) == {*withdrawn}
        assert shown(day=date(2026, 11, 20)) == {*swedes, *withdrawn}
        assert shown(day=date(2026, 11, 21), state=State.VERIFIED, country="NO") == {*norwegians}
        assert shown(day=date(2026, 11, 22)) == set()
        assert shown(country="DK") == set()
        assert shown(entries=(swedes[0], os.urandom(16))) == {swedes[0]}


def test_a_day_is_from_midnight_to_midnight_utc(app: Flask, petition: str) -> None:
    midnight = NOON + timedelta(hours=12)
    late, early = add_people(
        app, 2, signed_at=midnight, took=timedelta(microseconds=-1), apart=timedelta(microseconds=1)
    )
    with app.app_context():
        petition_id = petition_id_of()
        on = [list_page(petition_id, Selection(day=date(2026, 11, day))).rows for day in (20, 21)]
    assert [[row.entry for row in rows] for rows in on] == [[late.hex()], [early.hex()]]


def test_rows_have_the_name_and_erased_ones_nothing(app: Flask, petition: str) -> None:
    add_people(app, 1)
    (gone,) = add_people(app, 1, State.INVALIDATED)
    with app.app_context():
        with transaction() as session:
            session.execute(update(Signature).where(Signature.public_id == gone).values(sealed=None))
        kept, erased = sorted(list_page(petition_id_of(), Selection()).rows, key=lambda row: row.signer is None)
    assert kept.signer and kept.signer.name == "Person 0"
    assert kept.text_version == 1
    assert erased.signer is None and not erased.restorable


INDEXES = [
    (Selection(), "ix_signature_list"),
    (Selection(state=State.VERIFIED), "ix_signature_list"),
    (Selection(country="NO"), "ix_signature_list_of_country"),
    (Selection(country="NO", state=State.VERIFIED), "ix_signature_list_of_country"),
    (Selection(day=NOON.date()), "ix_signature_list"),
]


@pytest.mark.slow
def test_the_ten_thousandth_page_costs_as_much_as_the_first(app: Flask, petition: str) -> None:
    """The database reads only the page's rows from an index, for any page and any filter."""
    add_people(app, DEEP)
    add_people(app, DEEP // 4, country="NO")
    add_people(app, DEEP // 4, State.INVALIDATED)
    with app.app_context():
        petition_id = petition_id_of()
        db.session.execute(text("ANALYZE"))
        db.session.commit()
        deep = Cursor(NOON + timedelta(seconds=DEEP // 8), b"\x80" * 16, newer=False)
        for selection, index in INDEXES:
            for cursor in (None, deep, Cursor(deep.at, deep.row_id, newer=True)):
                if db.engine.dialect.name == "postgresql":
                    read = rows_read(petition_id, selection, cursor)
                    assert read <= len(State) * (PAGE_SIZE + 1) * 2, f"{selection}: {read} rows for {PAGE_SIZE}"
                else:
                    plan = sqlite_plan(petition_id, selection, cursor)
                    assert "SCAN signature" not in plan, selection
                    assert f"USING INDEX {index} (" in plan or f"USING COVERING INDEX {index} (" in plan, selection
                    assert "public_id)" in plan or cursor is None or selection.day, plan


def asked(petition_id: int, selection: Selection, cursor: Cursor | None) -> tuple[str, Any]:
    """Return the statement that reads a page, and its parameters, as the driver gets them."""
    statements: list[tuple[str, Any]] = []
    record = lambda c, cur, statement, parameters, *rest: statements.append((statement, parameters))  # noqa: E731
    event.listen(db.engine, "before_cursor_execute", record)
    listing.list_page(petition_id, selection, cursor)
    event.remove(db.engine, "before_cursor_execute", record)
    return next(one for one in statements if " LIMIT " in one[0])  # a BEGIN may come before it, and more after it


def sqlite_plan(petition_id: int, selection: Selection, cursor: Cursor | None) -> str:
    statement, parameters = asked(petition_id, selection, cursor)
    with db.engine.connect() as connection:
        return str(connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, parameters).all())


def rows_read(petition_id: int, selection: Selection, cursor: Cursor | None) -> int:
    """Return how many rows PostgreSQL read from the table and its indexes, filtered ones included."""
    statement, parameters = asked(petition_id, selection, cursor)
    with db.engine.connect() as connection:
        explained = connection.exec_driver_sql("EXPLAIN (ANALYZE, FORMAT JSON) " + statement, parameters).scalar_one()
    return sum_of_scans(explained[0]["Plan"])


def sum_of_scans(node: dict[str, Any]) -> int:
    below = sum(sum_of_scans(one) for one in node.get("Plans", []))
    if node.get("Relation Name") != "signature":
        return below
    left_out = sum(value for name, value in node.items() if name.startswith("Rows Removed"))
    return below + int((node["Actual Rows"] + left_out) * node["Actual Loops"])
