"""Runs a script of SQL in pgbench, PostgreSQL's own load program, and writes such scripts from what the app issues."""

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from psycopg import Binary, sql
from sqlalchemy import Engine, event

from bench.stage import Stage

SLOW_FLUSH = "-c commit_delay=5000 -c commit_siblings=0"  # every flush takes 5 ms, as on a busy disk

Statement = tuple[str, dict[str, Any]]


def rate(
    stage: Stage, database: str, script: str, clients: int, seconds: float, start: Mapping[str, int], options: str = ""
) -> float:
    """Return how many transactions a second `script` came to; `start` sets its variables, in each client."""
    file = stage.folder / "script.sql"
    file.write_text(script)
    variables = [part for name, value in start.items() for part in ("-D", f"{name}={value}")]
    program = subprocess.run(
        [
            stage.postgres.bin_path / "pgbench",
            *("--no-vacuum", "--protocol", "prepared", "--jobs", "2", "--file", file),
            *("--client", str(clients), "--time", str(seconds), *variables),
            *("--host", stage.sockets, "--username", "postgres", database),
        ],
        env={"PGOPTIONS": options}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = re.search(r"tps = ([0-9.]+)", program.stdout)
    if program.returncode or not found or "abort" in program.stderr:
        raise RuntimeError(f"pgbench: {program.stdout}{program.stderr}")
    return float(found[1])


@contextmanager
def listening(engine: Engine) -> Iterator[list[Statement]]:
    """Collect the statements that the app sends to the database inside the block."""
    heard: list[Statement] = []

    def hear(connection: object, cursor: object, statement: str, values: Any, *rest: object) -> None:
        heard.append((statement, dict(values or {})))

    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(engine, "before_cursor_execute", hear)


def spelt(statement: Statement, stands_for: Callable[[Any], str | None]) -> str:
    """Return a statement with its values written out; `stands_for` may give an expression in the place of one."""
    text, values = statement

    def write(found: re.Match[str]) -> str:
        value = values[found[1]]
        value = value.obj if isinstance(value, Binary) else value
        if isinstance(value, datetime):
            return "now()"
        if isinstance(value, bytes) and not stands_for(value):
            return f"decode('{value.hex()}', 'hex')"  # in any other spelling `:x` among them would be a variable
        return stands_for(value) or sql.Literal(value).as_string(None)

    return re.sub(r"%\((\w+)\)s", write, text).replace("%%", "%") + ";"
