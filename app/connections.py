"""Connections to the database: what each is told when it opens, how transactions begin, and whether it still lives."""

import time
from typing import Any

import psycopg
from flask import has_request_context
from psycopg.types.array import ListBinaryDumper
from sqlalchemy import Connection, Dialect, Engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import Pool

# The execution option of a connection that is to write: its statements are one transaction. All others only read, and
# PostgreSQL takes each of their statements by itself (see `_configure_database` in app/__init__.py).
WRITES = "countersign_writes"
REQUEST_STATEMENT_TIMEOUT_MS = 30_000
TESTED_AFTER_SECONDS = 5
LAST_USED = "countersign_last_used"


@event.listens_for(Engine, "do_connect")
def _limit_requests(dialect: Dialect, record: object, arguments: Any, options: dict[str, Any]) -> None:
    # A visitor is answered in time or not at all. The worker's and the commands' statements take what they need: they
    # open their connections outside any request.
    if dialect.name == "postgresql" and has_request_context():
        options["options"] = f"{options.get('options', '')} -c statement_timeout={REQUEST_STATEMENT_TIMEOUT_MS}"


@event.listens_for(Engine, "set_connection_execution_options")
def _open_transaction(connection: Connection, options: dict[str, Any]) -> None:
    if options.get(WRITES) and connection.dialect.name == "postgresql":
        options["isolation_level"] = "READ COMMITTED"


@event.listens_for(Pool, "checkin")
def _remember_use(connection: object, record: Any) -> None:
    record.info[LAST_USED] = time.monotonic()


@event.listens_for(Pool, "checkout")
def _test_if_idle(connection: Any, record: Any, proxy: object) -> None:
    """Have a connection replaced that died while it was idle; one that was just used is taken without asking."""
    idle = time.monotonic() - record.info.get(LAST_USED, time.monotonic())
    if idle < TESTED_AFTER_SECONDS or type(connection).__module__.startswith("sqlite3"):
        return
    try:
        connection.execute("SELECT 1")
    except psycopg.Error as error:
        raise DisconnectionError from error


@event.listens_for(Engine, "connect")
def _prepare(connection: Any, record: object) -> None:
    if not type(connection).__module__.startswith("sqlite3"):
        # A list of sealed values is spelt out as text otherwise, which takes longer than to seal it.
        connection.adapters.register_dumper(list, ListBinaryDumper)
        return
    connection.isolation_level = None  # BEGIN is ours, below: the driver would delay it to the first write
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "busy_timeout=10000", "synchronous=FULL", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        writes = connection.get_execution_options().get(WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
