"""Read more rows than memory holds, all from one moment."""

from collections.abc import Generator, Iterator, Sequence
from typing import Any

from psycopg import ServerCursor
from sqlalchemy import Connection, Engine, Select

ROWS_PER_CHUNK = 1000  # that are in memory at once


def stream(engine: Engine, statement: Select[*tuple[Any, ...]]) -> Generator[Sequence[Any], None, None]:
    """Yield the rows of `statement` from one snapshot, in pieces, through a connection of its own.

    It is opened with the first row, and given back after the last one or when the iterator is closed. One piece is in
    memory at a time, and PostgreSQL's limit on how long a statement may take holds for each piece alone. Give columns
    types that both databases return alike: on PostgreSQL it is the driver that makes the values.
    """
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")  # a cursor needs a transaction
            yield from _from_server_cursor(connection, statement)
        else:
            for piece in connection.execution_options(yield_per=ROWS_PER_CHUNK).execute(statement).partitions():
                yield from piece


def _from_server_cursor(connection: Connection, statement: Select[*tuple[Any, ...]]) -> Iterator[Sequence[Any]]:
    """Read with psycopg itself: SQLAlchemy's rows cost as much again, and bytes in hexadecimal twice that."""
    compiled = statement.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    driver: Any = connection.connection.driver_connection
    driver.execute("SET LOCAL TIME ZONE 'UTC'")  # whatever stands between may have dropped what the connection asked
    with ServerCursor(driver, "stream") as cursor:
        cursor.execute(str(compiled), compiled.params, binary=True)
        while piece := cursor.fetchmany(ROWS_PER_CHUNK):
            yield from piece
