"""Insert a row into each of several tables at once, in as few round trips as each database lets one.

Statements are made once for each shape of rows: making one costs more than what the database does.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import CTE, BindParameter, ColumnElement, Insert, Select, bindparam, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from app.db import Base, db, insert, outside_transactions, transaction


class NewRow(NamedTuple):
    """A row for a table."""

    table: type[Base]
    values: dict[str, object]


class Shape(NamedTuple):
    """The table and columns of a row, whose values are bound in."""

    table: type[Base]
    columns: tuple[str, ...]

    def parameters(self) -> dict[str, BindParameter[Any]]:
        """Return what is bound in for each column, named so that rows of several tables can be in one statement."""
        types = {column.name: column.type for column in self.table.__table__.c}
        return {name: bindparam(_parameter(self.table, name), type_=types[name]) for name in self.columns}


def shape(row: NewRow) -> Shape:
    """Return the shape of a row."""
    return Shape(row.table, tuple(row.values))


def named(rows: Sequence[NewRow]) -> dict[str, object]:
    """Return the values of rows of different tables, as their shapes name them."""
    return {_parameter(table, name): value for table, values in rows for name, value in values.items()}


@contextmanager
def rows_alone() -> Iterator[Session]:
    """Give a session that inserts some rows by `insert_rows` and does nothing else, as one transaction.

    On PostgreSQL that is one statement, taken by itself as each is outside a transaction.
    """
    if db.engine.dialect.name == "postgresql":
        yield outside_transactions()
        return
    with transaction() as session:
        yield session


def insert_rows(session: Session, rows: Sequence[NewRow]) -> None:
    """Insert a row into each of several tables, on PostgreSQL in one statement."""
    if db.engine.dialect.name == "postgresql":
        session.execute(_insert_all(tuple(shape(row) for row in rows)), named(rows))
        return
    for row in rows:
        session.execute(_insert_one(shape(row)), named([row]))


def insert_rows_once(session: Session, mark: NewRow, rows: Sequence[NewRow]) -> bool:
    """Insert `mark`, and the rows as `insert_rows` does; return False and insert nothing if its primary key is taken.

    The key decides between two that come at once: the second waits until the first is committed, or is not.
    """
    if db.engine.dialect.name == "postgresql":
        statement = _insert_all_once(shape(mark), tuple(shape(row) for row in rows))
        return session.scalar(statement, named([mark, *rows])) is not None
    if session.scalar(_insert_mark_alone(shape(mark)), named([mark])) is None:
        return False
    insert_rows(session, rows)
    return True


def insert_following(made: CTE, follower: Shape, link: str | None = None) -> Insert:
    """Return the statement that inserts a row if `made` in the same one was made; column `link` refers to that one."""
    values: dict[str, ColumnElement[Any]] = {**follower.parameters()}
    if link:
        values[link] = made.c.id
    row = select(*values.values()).select_from(made)
    return insert(follower.table).from_select([*values], row, include_defaults=False)


@cache
def _insert_one(row: Shape) -> Insert:
    return insert(row.table).values(row.parameters())


@cache
def _insert_all(rows: tuple[Shape, ...]) -> Insert:
    *others, last = [insert(row.table).values(row.parameters()) for row in rows]
    return last.add_cte(*(one.cte(f"new_{one.table.name}") for one in others))


@cache
def _insert_mark_alone(mark: Shape) -> ReturningInsert[Any]:
    return _insert_mark(mark)


@cache
def _insert_all_once(mark: Shape, rows: tuple[Shape, ...]) -> Select[Any]:
    made = _insert_mark(mark).cte(f"new_{mark.table.__tablename__}")
    followers = [insert_following(made, row) for row in rows]
    return select(*made.c).add_cte(*(one.cte(f"new_{one.table.name}") for one in followers))


def _insert_mark(mark: Shape) -> ReturningInsert[Any]:
    """Return the statement, not kept here: unlike the others it is in the words of the one database or the other."""
    new = insert(mark.table).values(mark.parameters())
    key = new.table.primary_key
    return new.on_conflict_do_nothing(index_elements=[column.name for column in key]).returning(*key)


def _parameter(table: type[Base], column: str) -> str:
    return f"{table.__tablename__}_{column}"
