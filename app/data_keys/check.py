"""The check at the start: is every data key here that something in the database is sealed with?"""

import os
from collections.abc import Sequence

from flask import current_app
from sqlalchemy import LargeBinary, delete, func, inspect, select, update
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from app.crypto import sealing, tokens
from app.data_keys.sealed_columns import FIRST_SEALED
from app.db import db, insert, transaction
from app.models import DataKey, Site
from app.models.site import make_site_keys
from config import ConfigError

PURPOSE = "data-key"


def check_keys() -> None:
    """Raise ConfigError, with a message for the operator, unless every key that the database needs is in DATA_KEYS.

    Registers the keys in DATA_KEYS as in use, and makes the site's own keys. Does nothing without tables or while the
    database cannot be reached: the site then reports that itself. No database connection stays open, since a server may
    fork next.
    """
    try:
        if inspect(db.engine).has_table(DataKey.__tablename__):
            _check(db.session())
            if Site.sealed_token_secret.key in {column["name"] for column in inspect(db.engine).get_columns("site")}:
                make_site_keys()  # before the migration that adds it, this may be the process that migrates
                tokens.derived_keys("start")  # from now on they are here though the database may go away
    except (OperationalError, InterfaceError):
        pass
    finally:
        db.session.remove()
        db.engine.dispose()


def absent_keys() -> set[bytes]:
    """Return the ids of the data keys in use that are not here, or do not open what they sealed. It writes nothing.

    Raises config.ConfigError or OSError if the keys cannot be read.
    """
    here = {sealing.key_id(key) for key in sealing.data_keys()}
    in_use = db.session.scalars(select(DataKey).where(DataKey.retired_at.is_(None)))
    return {row.key_id for row in in_use if row.key_id not in here or not _opens(row)}


def register(session: Session) -> None:
    """Register every key in DATA_KEYS as in use unless it is retired; the newest in any case. The caller commits."""
    newest, *older = sealing.data_keys()
    for key in (newest, *older):
        public_id = os.urandom(16)
        probe = sealing.seal_bytes(PURPOSE, public_id, b"", key)
        row = insert(DataKey).values(key_id=sealing.key_id(key), public_id=public_id, probe=probe)
        session.execute(row.on_conflict_do_nothing())
    unretire = update(DataKey).where(DataKey.key_id == sealing.key_id(newest), DataKey.retired_at.is_not(None))
    session.execute(unretire.values(retired_at=None))


def _check(session: Session) -> None:
    # Read the database before DATA_KEYS: another process may add a key meanwhile, and seals with it only after that.
    rows = session.scalars(select(DataKey)).all()
    prefixes = [func.substr(column, 1, 1 + sealing.KEY_ID_BYTES, type_=LargeBinary) for column in FIRST_SEALED]
    used = {head[1:] for column in prefixes for head in session.scalars(select(column).distinct()) if head}
    keys = sealing.data_keys()
    if not used:
        rows = _drop_unused(rows, {sealing.key_id(key) for key in keys})
    needed = {row.key_id for row in rows if row.retired_at is None} | used
    missing = needed - {sealing.key_id(key) for key in keys}
    for row in rows:
        if row.key_id in needed - missing and not _opens(row):
            missing.add(row.key_id)
    if missing:
        raise ConfigError(_message(missing))
    registered = {row.key_id for row in rows if row.retired_at is None or row.key_id != sealing.key_id(keys[0])}
    if not {sealing.key_id(key) for key in keys} <= registered:
        with transaction() as writing:
            register(writing)


def _drop_unused(rows: Sequence[DataKey], present: set[bytes]) -> list[DataKey]:
    """Delete the rows of keys that are not present, as nothing but the site's keys is sealed yet; return the others."""
    kept = [row for row in rows if row.key_id in present]
    if len(kept) < len(rows):
        sealed_by = func.substr(Site.mailbox_key, 2, sealing.KEY_ID_BYTES, type_=LargeBinary)
        with transaction() as writing:
            for absent in (
                delete(DataKey).where(DataKey.key_id.not_in(present)),
                delete(Site).where(sealed_by.not_in(present)),
            ):
                writing.execute(absent.execution_options(synchronize_session=False))
    return kept


def _opens(row: DataKey) -> bool:
    try:
        sealing.unseal_bytes(PURPOSE, row.public_id, row.probe)
    except sealing.CannotOpen:
        return False
    return True


def _message(missing: set[bytes]) -> str:
    file = current_app.config["DATA_KEYS_FILE"]
    place = file.path if file else "DATA_KEYS"
    ids = ", ".join(sorted(key_id.hex() for key_id in missing))
    present = ", ".join(sealing.key_id(key).hex() for key in sealing.data_keys())
    return (
        f"the database holds what was sealed with the data key {ids}, and {place} holds {present} only. Put the missing"
        f" key back into {place} from your backup of it, behind the newest and parted by a comma; or set DATABASE_URL"
        " to the database that belongs to these keys."
    )
