"""Back up: data into one place and keys into another, while the site runs."""

import hashlib
import shlex
from datetime import datetime
from pathlib import Path

from flask import current_app

from app import clock
from app.backup import postgresql, sqlite
from app.backup.files import BackupError, refuse_one_place, whole_file
from app.backup.manifest import FORMAT, Manifest, digest_file, missing_keys, to_text
from app.crypto import tokens
from app.crypto.base64url import encode_base64url
from app.crypto.sealing import data_keys
from app.db import db

HASH_PURPOSE = "backup"


def back_up(data: Path, keys: Path) -> Path:
    """Write a dump with its manifest into the folder `data`, and the keys into `keys`; return the manifest's path.

    The manifest comes last: where there is one, the backup is whole. The keys are one file for as long as they are the
    same. Raises BackupError, also where both folders are one place.
    """
    refuse_one_place(data, keys)
    for folder in (data, keys):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    now = clock.now()
    database = sqlite if db.engine.dialect.name == "sqlite" else postgresql
    dump = data / f"countersign-{now:%Y%m%dT%H%M%SZ}{database.SUFFIX}"
    manifest = dump.with_suffix(".json")
    if dump.exists():
        raise BackupError(f"{dump} is there already, from another backup of this second: try again in a second.")
    with whole_file(dump) as draft:
        facts = database.dump(draft)
        # After the dump: a key that was made meanwhile is among them, and one that was in use stays for a day.
        absent = missing_keys(facts)
        if absent:
            raise BackupError(f"the data key {', '.join(absent)} is in use, and this process lacks it: see DATA_KEYS.")
        size, sha256 = draft.stat().st_size, digest_file(draft)
    keys_file = _write_keys(keys)
    secret = secret_key_hash(now)
    about = Manifest(
        FORMAT, now.isoformat(), db.engine.dialect.name, dump.name, size, sha256, keys_file.name, secret, facts
    )
    with whole_file(manifest) as draft:
        draft.write_text(to_text(about), "utf-8")
    return manifest


def secret_key_hash(made_at: datetime) -> str:
    """Return the keyed hash by which it is told later whether SECRET_KEY is another."""
    return tokens.keyed_hash(HASH_PURPOSE, made_at.isoformat()).hex()


def _write_keys(folder: Path) -> Path:
    """Write the keys as settings, into a file named by their hash, unless it is there already; return it."""
    settings = {
        "SECRET_KEY": current_app.config["SECRET_KEY"],
        "SECRET_KEY_FALLBACKS": ",".join(current_app.config["SECRET_KEY_FALLBACKS"]),
        "DATA_KEYS": ",".join(map(encode_base64url, data_keys())),
    }
    text = "".join(f"{name}={shlex.quote(value) if value else ''}\n" for name, value in settings.items())
    path = folder / f"countersign-keys-{hashlib.sha256(text.encode()).hexdigest()[:16]}.env"
    if not path.exists() or path.read_text("utf-8") != text:
        with whole_file(path) as draft:
            draft.write_text(text, "utf-8")
    return path
