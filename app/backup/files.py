"""Files of a backup: whole or not there, read by their owner alone, and never keys and data in one place."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import current_app

from app.db import db
from config import sync


class BackupError(Exception):
    """A backup that cannot be made or put back; the text tells the operator why, and what to do."""


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give an empty file to be filled by its name; once that is done it is on the disk as `path`, or else nowhere.

    Only its owner can read it.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        yield draft
        sync(draft)
        draft.replace(path)
        sync(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def refuse_one_place(data: Path, keys: Path) -> None:
    """Raise BackupError where keys and data would lie together: in one folder or in one another, or beside the site's.

    Whoever gets hold of such a folder would read everything.
    """
    site = Path(current_app.config["INSTANCE_DIR"])  # the site's own keys may be here
    apart = [("the data", data, "the keys", keys)]
    apart += [(what, folder, "the site's own files", site) for what, folder in (("the data", data), ("the keys", keys))]
    if db.engine.dialect.name == "sqlite":
        apart.append(("the keys", keys, "the database", Path(str(db.engine.url.database)).parent))
    for one, path, other, other_path in apart:
        first, second = path.resolve(), other_path.resolve()
        if first.is_relative_to(second) or second.is_relative_to(first):
            raise BackupError(
                f"{one} ({first}) and {other} ({second}) would be one place, or one in the other. Whoever gets both"
                " data and keys reads everything: give two folders, best on two disks that are never together."
            )


def on_one_disk(data: Path, keys: Path) -> bool:
    """Tell whether two folders lie on one disk, as far as the machine tells."""
    return data.stat().st_dev == keys.stat().st_dev
