"""Copies of an SQLite database, made and put back by SQLite itself while others use it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from app.backup.manifest import Facts, read_facts
from app.db import db

SUFFIX = ".sqlite"


def dump(path: Path) -> Facts:
    """Write the database, without what was deleted, into this empty file; return what the copy says of itself."""
    with db.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute("VACUUM INTO ?", (str(path),))
    with closing(_open_read_only(path)) as copy:
        return read_facts(lambda query: copy.execute(query).fetchall())


def load(path: Path) -> None:
    """Put a copy into the database, which is empty: all of it or nothing."""
    db.session.remove()
    db.engine.dispose()
    with closing(_open_read_only(path)) as copy, closing(sqlite3.connect(str(db.engine.url.database))) as target:
        copy.backup(target)


def _open_read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
