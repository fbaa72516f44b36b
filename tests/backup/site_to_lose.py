"""Back up a site, put it back elsewhere, and look at what is there."""

from pathlib import Path
from typing import NamedTuple

from click.testing import Result
from flask import Flask
from sqlalchemy import select

from app.db import db
from app.ledger.audit import audit
from app.models import Petition, Signature
from app.models.signer import signer_of
from app.retention.journal import write_journal


class Places(NamedTuple):
    """The folders for data, keys and the journal of erasures."""

    data: Path
    keys: Path
    erasures: Path


def run(app: Flask, *words: object) -> Result:
    """Run a command with the settings of this site."""
    return app.test_cli_runner().invoke(args=[str(word) for word in words])


def back_up(app: Flask, places: Places) -> Path:
    """Back the site up; return the manifest."""
    done = run(app, "backup", places.data, "--keys", places.keys)
    assert done.exit_code == 0, done.output
    return Path(done.stdout.splitlines()[0])


def restored(app: Flask, manifest: Path) -> str:
    """Restore a backup into this site; return what the command said."""
    done = run(app, "restore", manifest)
    assert done.exit_code == 0, done.output
    return done.output


def refused(app: Flask, manifest: Path) -> str:
    """Try to restore a backup into this site; return why it was not done."""
    done = run(app, "restore", manifest)
    assert done.exit_code == 1, done.output
    return done.output


def write_out(app: Flask) -> None:
    """Let the worker write the journal of erasures to its file."""
    with app.app_context():
        write_journal()


def names(app: Flask) -> set[str]:
    """Return the names that the database holds, opened with the site's keys."""
    with app.app_context():
        rows = db.session.scalars(select(Signature).where(Signature.sealed.is_not(None)))
        return {signer_of(row).name for row in rows}


def sound_count(app: Flask) -> int:
    """Return the verified count of the only petition, which an audit must find sound."""
    with app.app_context():
        found = audit(db.session.scalars(select(Petition)).one())
        assert found.sound, found.in_words()
        return found.shown


def everything_in(folder: Path) -> bytes:
    """Return all that a thief of this folder has."""
    return b"".join(path.name.encode() + path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
