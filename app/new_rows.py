"""Insert a row into each of several tables at once, in as few round trips as each database lets one."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import NamedTuple

from sqlalchemy import Insert, bindparam
from sqlalchemy.orm import Session

from app.db import Base, begun_anew, db, insert, transaction


class NewRow(NamedTuple):
    """A row for a table."""

    table: type[Base]
    values: dict[str, object]


@contextmanager
def rows_alone() -> Iterator[Session]:
    """Give a session that inserts some rows by `insert_rows` and does nothing else, as one transaction.

    On PostgreSQL that is one statement, and so needs no more than its one round trip.
    """
    if db.engine.dialect.name != "postgresql":
        with transaction() as session:
            yield session
        return
    with begun_anew() as session:
        yield session
        session.commit()


def insert_rows(session: Session, rows: Sequence[NewRow]) -> None:
    """Insert a row into each of several tables, on PostgreSQL in one statement."""
    if db.engine.dialect.name != "postgresql":
        for table, values in rows:
            session.execute(insert(table), values)
        return
    statement = _insert_all(tuple((table, tuple(values)) for table, values in rows))
    named = {f"{table.__tablename__}_{name}": value for table, row in rows for name, value in row.items()}
    session.execute(statement, named)


@cache
def _insert_all(tables: tuple[tuple[type[Base], tuple[str, ...]], ...]) -> Insert:
    """Return the statement, made once: making it costs more than what the database does."""
    *others, last = [
        insert(table).values(
            {name: bindparam(f"{table.__tablename__}_{name}", type_=table.__table__.c[name].type) for name in names}
        )
        for table, names in tables
    ]
    return last.add_cte(*(one.cte(f"new_{one.table.name}") for one in others))
