"""Dumps of a PostgreSQL database, made and put back by PostgreSQL's own programs."""

import re
import shutil
import subprocess
from pathlib import Path

from sqlalchemy import func, select, text

import config
from app.backup.files import BackupError
from app.backup.manifest import Facts, read_facts
from app.db import db, snapshot

SUFFIX = ".dump"
MAX_ERROR_LENGTH = 1000
# What the programs need of our environment: it holds keys, which are none of their business.
PASSED_ON = re.compile(r"PATH|HOME|LANG|LC_.*|PG.*")


def dump(path: Path) -> Facts:
    """Write the database into this empty file; return what it says of itself at the dump's very moment."""
    with snapshot() as session:
        exported = session.scalars(select(func.pg_export_snapshot())).one()
        facts = read_facts(lambda query: session.execute(text(query)).all())
        _run("pg_dump", "--format=custom", f"--snapshot={exported}", f"--file={path}", f"--dbname={_address()}")
    return facts


def load(path: Path) -> None:
    """Put a dump into the database, which is empty: all of it or nothing."""
    _run("pg_restore", "--single-transaction", "--exit-on-error", f"--dbname={_address()}", str(path))
    with db.engine.connect() as connection:
        connection.execute(text("ANALYZE"))  # a dump has no statistics, without which plans are wrong


def _run(program: str, *arguments: str) -> None:
    """Run a program of PostgreSQL's, of this server's version or newer; raise BackupError with what it said."""
    found = shutil.which(program)
    wanted = _server_version()
    if found is None:
        raise BackupError(f"{program} is not installed: install the package postgresql-client-{wanted}, or newer.")
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    major = re.search(r"\d+", version)
    if major is None or int(major[0]) < wanted:
        raise BackupError(
            f"{found} is older than the server, which is PostgreSQL {wanted}: install postgresql-client-{wanted}."
        )
    command = [found, "--no-owner", "--no-privileges", "--no-password", *arguments]
    done = subprocess.run(command, env=_environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise BackupError(f"{program} failed: {done.stderr.strip()[-MAX_ERROR_LENGTH:]}")


def _server_version() -> int:
    with db.engine.connect() as connection:
        return int(connection.scalar(text("SHOW server_version_num"))) // 10000


def _address() -> str:
    """Return the database's address without its password: everybody on the machine sees a program's arguments."""
    url = db.engine.url.set(drivername="postgresql").difference_update_query(["password"])
    return url._replace(password=None).render_as_string()


def _environment() -> dict[str, str]:
    url = db.engine.url
    password = url.password or url.query.get("password")
    inherited = {name: value for name, value in config.environment().items() if PASSED_ON.fullmatch(name)}
    return {**inherited, **({"PGPASSWORD": str(password)} if password else {})}
