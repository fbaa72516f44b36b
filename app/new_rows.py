"""Insert a row into each of several tables at once, in as few round trips as each database lets one."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Executable, Insert, bindparam, select
from sqlalchemy.orm import Session

from app.db import Base, db, insert, outside_transactions, transaction


class NewRow(NamedTuple):
    """A row for a table."""

    table: type[Base]
    values: dict[str, object]


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
    if db.engine.dialect.name != "postgresql":
        for table, values in rows:
            session.execute(_insert_one(table, tuple(values)), values)
        return
    statement = _insert_all(tuple((table, tuple(values)) for table, values in rows))
    session.execute(statement, _named(rows))


def insert_with_followers(
    session: Session, first: NewRow, unique: tuple[str, ...], followers: Sequence[NewRow], link: str
) -> int | None:
    """Insert a row, and others that refer to its new id in their column `link`; return the id.

    If a row with the same values in the columns `unique`, which have a unique key, is there already, nothing is
    inserted, and None is returned. On PostgreSQL it is one statement.
    """
    followers = [
        NewRow(row.table, {name: row.values[name] for name in row.values if name != link}) for row in followers
    ]
    if db.engine.dialect.name == "postgresql":
        shapes = tuple((table, tuple(values)) for table, values in (first, *followers))
        return session.execute(_insert_with_followers(shapes, unique, link), _named((first, *followers))).scalar()
    new = insert(first.table).on_conflict_do_nothing(index_elements=unique).returning(first.table.__table__.c.id)
    new_id: int | None = session.execute(new, first.values).scalar()
    if new_id is not None:
        insert_rows(session, [NewRow(table, {**values, link: new_id}) for table, values in followers])
    return new_id


@cache
def _insert_one(table: type[Base], names: tuple[str, ...]) -> Insert:
    """Return the statement for SQLite, made once as those below: making them costs more than the database's work."""
    return insert(table).values({name: bindparam(name, type_=table.__table__.c[name].type) for name in names})


@cache
def _insert_with_followers(
    tables: tuple[tuple[type[Base], tuple[str, ...]], ...], unique: tuple[str, ...], link: str
) -> Executable:
    (first, names), *others = tables
    new = insert(first).values(_parameters(first, names)).on_conflict_do_nothing(index_elements=unique)
    made = new.returning(first.__table__.c.id).cte("made")
    statement = select(made.c.id)
    for table, columns in others:
        row = select(*_parameters(table, columns).values(), made.c.id)
        follower = insert(table).from_select([*columns, link], row, include_defaults=False)
        statement = statement.add_cte(follower.cte(f"new_{table.__tablename__}"))
    return statement


@cache
def _insert_all(tables: tuple[tuple[type[Base], tuple[str, ...]], ...]) -> Insert:
    *others, last = [insert(table).values(_parameters(table, names)) for table, names in tables]
    return last.add_cte(*(one.cte(f"new_{one.table.name}") for one in others))


def _parameters(table: type[Base], names: tuple[str, ...]) -> dict[str, BindParameter[Any]]:
    columns = table.__table__.c
    return {name: bindparam(f"{table.__tablename__}_{name}", type_=columns[name].type) for name in names}


def _named(rows: Sequence[NewRow]) -> dict[str, object]:
    return {f"{table.__tablename__}_{name}": value for table, row in rows for name, value in row.items()}
