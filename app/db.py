"""The database handle, and what differs between SQLite and PostgreSQL."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from psycopg.errors import QueryCanceled
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Dialect,
    Integer,
    MetaData,
    Select,
    Table,
    any_,
    cast,
    func,
    literal,
    select,
    type_coerce,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session
from sqlalchemy.types import TypeDecorator

from app.connections import WRITES

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
BATCH_SIZE = 500
OPEN = "countersign_open"

# SQLite counts rows up by itself only in a column of its own INTEGER type.
Serial = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """What every model is built on."""

    metadata = MetaData(naming_convention=NAMING)


db = SQLAlchemy(metadata=Base.metadata, session_options={"expire_on_commit": False})


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC: refuses naive ones, and gives aware ones back, from SQLite too."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


@contextmanager
def transaction() -> Iterator[Session]:
    """Give a session whose work is committed as one at the end, or rolled back on any error.

    It begins anew, so that it sees the present, and on SQLite as the one writer from its first statement: a reader
    that turns writer half-way would be refused there whenever another writer came between. Outside of it, PostgreSQL
    takes each statement by itself. Raises RuntimeError inside another one, whose writes that beginning would roll back:
    pass its session on instead.
    """
    with _committed({WRITES: True}) as session:
        yield session


@contextmanager
def write_snapshot() -> Iterator[Session]:
    """Give a session as `transaction` does, whose statements all see the database as it was at one moment.

    On PostgreSQL it is refused with an OperationalError if somebody else has changed meanwhile what it changes.
    """
    is_postgresql = db.engine.dialect.name == "postgresql"
    with _committed({"isolation_level": "REPEATABLE READ"} if is_postgresql else {WRITES: True}) as session:
        yield session


@contextmanager
def _committed(options: dict[str, Any]) -> Iterator[Session]:
    with begun_anew() as session:
        session.connection(execution_options=options)
        try:
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise


def outside_transactions() -> Session:
    """Return the session; raise RuntimeError where a transaction of ours has it."""
    session = db.session()
    if session.info.get(OPEN):
        raise RuntimeError("transaction() and snapshot() do not nest: pass on the session of the one that is open")
    return session


@contextmanager
def begun_anew() -> Iterator[Session]:
    """Give the session, begun anew and used by nobody else meanwhile; whoever asks ends its transaction."""
    session = outside_transactions()
    session.rollback()
    session.info[OPEN] = True
    try:
        yield session
    finally:
        session.info[OPEN] = False


def in_batches(due: Select[Any], change: Callable[[Session, Sequence[Any]], object]) -> int:
    """Let `change` deal with the keys that `due` selects, some to a transaction, until none is left; return how many.

    `change` gets the transaction's session and keys whose rows are locked, and sees to it that they are due no more; if
    it leaves some for another time, it returns how many it dealt with. Rows that somebody else holds are left, too. A
    look comes first, so that where nothing is due SQLite's one write lock is never taken.
    """
    batch = due.limit(BATCH_SIZE)
    total = 0
    while db.session.execute(due.limit(1)).first() is not None:
        with transaction() as session:
            keys = session.scalars(batch.with_for_update(skip_locked=True)).all()
            done = change(session, keys)
        total += done if isinstance(done, int) else len(keys)
        if len(keys) < BATCH_SIZE or done == 0:
            break
    return total


def all_columns(row: Base) -> str:
    """Return all that was read of a row, without its deferred columns, to keep by it what is made of the row."""
    return repr([getattr(row, column.key) for column in row.__mapper__.column_attrs if not column.deferred])


def is_one_of(column: InstrumentedAttribute[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """Return the condition that a column has one of many values: on PostgreSQL, one parameter for all of them."""
    if db.engine.dialect.name == "postgresql":
        return column == any_(literal(values, postgresql.ARRAY(column.type)))
    return column.in_(values)


def begin_immediate() -> Session:
    """Return the session, able to write: as it is in a transaction begun to write, anew otherwise. The caller commits.

    For what is called in the middle of a library's work, which may have written already.
    """
    session = db.session()
    if not session.connection().get_execution_options().get(WRITES):
        session.rollback()
        session.connection(execution_options={WRITES: True})
    return session


@contextmanager
def snapshot() -> Iterator[Session]:
    """Give a session that only reads, and whose statements all see the database as it was at one moment.

    On SQLite every transaction does; PostgreSQL is asked for it.
    """
    with begun_anew() as session:
        if db.engine.dialect.name == "postgresql":
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        try:
            yield session
        finally:
            session.rollback()


def seconds(moment: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]) -> ColumnElement[int]:
    """Return the whole seconds from 1970 to the moment in a column, in the words of the database in use."""
    if db.engine.dialect.name == "postgresql":
        return cast(func.extract("epoch", func.date_trunc("second", moment)), BigInteger)
    to_the_second = func.substr(moment, 1, len("2026-11-23 09:30:00"))  # SQLite would round the last millisecond up
    return cast(func.strftime("%s", to_the_second), Integer)


def month(moment: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]) -> ColumnElement[Any]:
    """Return the first moment of the month, in UTC, of the moment in a column, in the words of the database in use."""
    if db.engine.dialect.name == "postgresql":
        return func.date_trunc("month", moment, "UTC", type_=moment.type)
    return func.substr(moment, 1, len("2026-11")).concat("-01 00:00:00.000000")


def hour(moment: InstrumentedAttribute[datetime]) -> ColumnElement[datetime]:
    """Return the first moment of the hour, in UTC, of the moment in a column, in the words of the database in use."""
    if db.engine.dialect.name == "postgresql":
        return func.date_trunc("hour", moment, "UTC", type_=moment.type)
    return type_coerce(func.substr(moment, 1, len("2026-11-23 09")).concat(":00:00.000000"), moment.type)


def insert(table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """Return an INSERT that knows ON CONFLICT, in the words of the database in use."""
    target: Table = table.__table__  # type: ignore[assignment]
    return postgresql.insert(target) if db.engine.dialect.name == "postgresql" else sqlite.insert(target)


def advisory_lock(session: Session, *keys: bytes) -> None:
    """Make others who lock one of these `keys` (8 bytes or more) wait until this transaction ends.

    Many are taken in one order, so that nobody who takes many waits for one who waits for it. SQLite has one writer at
    a time, so there `transaction` holds everything already.
    """
    if keys and db.engine.dialect.name == "postgresql":
        numbers = sorted(int.from_bytes(key[:8], "big", signed=True) for key in keys)
        in_order = func.unnest(literal(numbers, postgresql.ARRAY(BigInteger)))
        session.execute(select(func.pg_advisory_xact_lock(in_order)))


def is_away(error: BaseException) -> bool:
    """Tell whether an error means that the database cannot be reached or is full up; a cancelled statement does not."""
    if isinstance(error, DBAPIError) and isinstance(error.orig, QueryCanceled):
        return False  # psycopg counts it as an OperationalError, and here it is a statement of ours that took too long
    return isinstance(error, (OperationalError, InterfaceError, PoolTimeout))
