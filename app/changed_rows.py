"""Change many rows of a table, each to values of its own, in as few round trips as each database lets one."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Update, and_, bindparam, column, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.db import Base, db

Columns = Mapping[str, Sequence[Any]]


def change_rows(session: Session, table: type[Base], where: Columns, to: Columns) -> int:
    """Set the columns `to` in the rows whose columns are as in `where`; return how many rows were changed.

    Both have, for each column by its name, one value for each row. On PostgreSQL it is one statement, and rows that
    another transaction has locked stay as they are: whoever never waits for a lock cannot deadlock.
    """
    named = {**{f"is_{name}": values for name, values in where.items()}, **{f"to_{n}": v for n, v in to.items()}}
    if db.engine.dialect.name == "postgresql":
        statement, parameters = _change_all(table, tuple(where), tuple(to)), named
        return session.connection().execute(statement, parameters).rowcount
    rows = [dict(zip(named, values, strict=True)) for values in zip(*named.values(), strict=True)]
    return session.connection().execute(_change_one(table, tuple(where), tuple(to)), rows).rowcount if rows else 0


@cache
def _change_all(table: type[Base], where: tuple[str, ...], to: tuple[str, ...]) -> Update:
    """Return the statement, made once: making it costs as much as what the database does."""
    columns = table.__table__.c
    named = {**{f"is_{name}": columns[name] for name in where}, **{f"to_{name}": columns[name] for name in to}}
    arrays = [bindparam(name, type_=ARRAY(one.type)) for name, one in named.items()]
    rows = func.unnest(*arrays).table_valued(*(column(name) for name in named), name="rows").render_derived()
    is_row = [columns[name] == rows.c[f"is_{name}"] for name in where]
    primary = list(table.__table__.primary_key)
    free = (
        select(*primary, *(rows.c[f"to_{name}"] for name in to))
        .join_from(table.__table__, rows, and_(*is_row))
        .with_for_update(of=table.__table__, key_share=True, skip_locked=True)
        .cte("free")
    )
    is_free = [key == free.c[key.name] for key in primary]
    return update(table).where(*is_free).values({name: free.c[f"to_{name}"] for name in to})


@cache
def _change_one(table: type[Base], where: tuple[str, ...], to: tuple[str, ...]) -> Update:
    columns = table.__table__.c
    is_row = [columns[name] == bindparam(f"is_{name}", type_=columns[name].type) for name in where]
    new = {name: bindparam(f"to_{name}", type_=columns[name].type) for name in to}
    return update(table).where(*is_row).values(new)
