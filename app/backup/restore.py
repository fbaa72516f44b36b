"""Restore: a backup is checked, put into an empty database, and stripped of what people took back since."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import flask_migrate
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import delete, inspect, select, text

import config
from app import jobs
from app.backup import postgresql, sqlite
from app.backup.back_up import secret_key_hash
from app.backup.files import BackupError
from app.backup.held_letters import hold_letters
from app.backup.manifest import Manifest, check_dump, read_facts, read_manifest
from app.backup.replay import Report, replay
from app.data_keys.check import check_keys
from app.db import db, transaction
from app.ledger.audit import audit
from app.models import Petition, SignIn
from app.retention.journal import read_journal


def restore(path: Path, journals: Sequence[Path], report: Report) -> None:
    """Put the backup with this manifest into the database of the settings, which must be empty, and `settle` it.

    All is checked before anything is written: keys, seal, checksum, version. Raises BackupError.
    """
    manifest = read_manifest(path)
    dump = path.parent / Path(manifest.dump).name
    _check_database(manifest)
    check_dump(manifest, dump)
    (sqlite if manifest.database == "sqlite" else postgresql).load(dump)
    with db.engine.connect() as connection:
        facts = read_facts(lambda query: connection.execute(text(query)).all())
    if facts != manifest.facts:
        raise BackupError("what was restored is not what was backed up. Empty the database, and take another backup.")
    report(f"restored the backup of {manifest.made_at}: {sum(facts.verified.values())} verified signatures")
    _upgrade(report)
    if secret_key_hash(datetime.fromisoformat(manifest.made_at)) != manifest.secret_key:
        report("SECRET_KEY is not the backup's: links in letters under way say that they are not complete.")
    settle(journals, report)


def settle(journals: Sequence[Path], report: Report) -> None:
    """Make a database fit for the site that was put back by whatever means, as it was at some moment before.

    An older version's is upgraded. Letters that waited are held, organisers have to sign in anew, what people took back
    since is taken back again by the journals in these folders, what is past its day goes, and every count is audited.
    It can be run any number of times. Raises BackupError if a count is not sound, or something could not be done.
    """
    _upgrade(report)
    held = hold_letters()
    with transaction() as session:
        session.execute(delete(SignIn).execution_options(synchronize_session=False))
    _replay(journals, report)
    failed = [name for name, number in jobs.run_all(jobs.RETENTION).items() if number is None]
    sound = _audit(report)
    report(f"{held} letters that waited are held: see `outbox release` and `outbox discard`")
    if failed or not sound:
        raise BackupError(f"look into this before the site starts: {', '.join(failed) or 'a count differs'}")


def _upgrade(report: Report) -> None:
    with db.engine.connect() as connection:
        before = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if before != _schemas()[0]:
        flask_migrate.upgrade()
        report(f"upgraded from version {before} to {_schemas()[0]}")
    check_keys()


def _replay(journals: Sequence[Path], report: Report) -> None:
    read = [list(read_journal(folder)) for folder in journals]
    lines = [line for journal in read for line in journal]
    if not lines:
        folders = ", ".join(map(str, journals))
        report(f"NO JOURNAL of erasures in {folders}: what people took back since then is there again")
        return
    damaged = lines.count(None)
    if damaged:
        report(f"{damaged} lines of the journal are damaged, and were left out")
    genuine = [[line for line in journal if line and line.is_genuine()] for journal in read]
    if forged := len(lines) - damaged - sum(map(len, genuine)):
        report(f"{forged} lines of the journal are not of this site, or were altered, and were left out")
    done = replay(genuine, report)
    counted = ", ".join(f"{number} {change}" for change, number in sorted(done.items()))
    report(f"taken back again, of {len(lines)} lines in the journal: {counted or 'nothing'}")


def _check_database(manifest: Manifest) -> None:
    if manifest.database != db.engine.dialect.name:
        raise BackupError(f"this backup is of {manifest.database}: set DATABASE_URL to an empty database of that kind.")
    if manifest.facts.schema not in _schemas():
        raise BackupError(
            f"the backup is at version {manifest.facts.schema}, which this version of Countersign does not know: it was"
            " made by a newer one. Install that, and try again. Nothing was changed."
        )
    if inspect(db.engine).get_table_names():
        where = db.engine.url.render_as_string()
        raise BackupError(
            f"the database {where} is not empty, and nothing in it was changed: set DATABASE_URL to an empty one. After"
            " a restore that was interrupted, empty it, or finish by `restore --loaded`."
        )


def _schemas() -> list[str]:
    """Return the versions of the database that this code knows, the newest first."""
    scripts = ScriptDirectory(str(config.ROOT / "migrations"))
    return [script.revision for script in scripts.walk_revisions()]


def _audit(report: Report) -> bool:
    sound = True
    for petition in db.session.scalars(select(Petition).order_by(Petition.slug)).all():
        found = audit(petition)
        report(f"{found.slug}: {'sound' if found.sound else 'DIFFERS'}: {found.in_words()}")
        sound = sound and found.sound
    return sound


def default_journal() -> Path:
    """Return the folder that the worker of these settings writes its journal to."""
    folder: Path = current_app.config["ERASURES_DIR"]
    return folder
