"""The manifest of a backup: what lies beside it, by which all is checked before anything is put back.

It is sealed by a hash under the newest data key: so wrong keys show, and a backup that somebody else altered.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from app.backup.files import BackupError
from app.crypto import sealing

PURPOSE = "backup"
FORMAT = 1
VERIFIED = (
    "SELECT slug, count(signature.id) FROM petition LEFT JOIN signature"
    " ON signature.petition_id = petition.id AND state = 'verified' GROUP BY slug ORDER BY slug"
)
Ask = Callable[[str], Sequence[Sequence[Any]]]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a copy of the database says of itself: its schema, the ids of keys it needs, the counts by slug."""

    schema: str
    data_keys: list[str]
    verified: dict[str, int]


@dataclass(frozen=True, slots=True)
class Manifest:
    """One backup. `keys_file` is the name of the file with its keys, which lies elsewhere.

    `secret_key` is a keyed hash, by which another SECRET_KEY shows.
    """

    format: int
    made_at: str
    database: str
    dump: str
    size: int
    sha256: str
    keys_file: str
    secret_key: str
    facts: Facts


def read_facts(ask: Ask) -> Facts:
    """Return the facts of the database that `ask` queries, of whatever version."""
    return Facts(
        schema=str(ask("SELECT version_num FROM alembic_version")[0][0]),
        data_keys=sorted(bytes(row[0]).hex() for row in ask("SELECT key_id FROM data_key WHERE retired_at IS NULL")),
        verified={row[0]: row[1] for row in ask(VERIFIED)},
    )


def missing_keys(facts: Facts) -> list[str]:
    """Return the ids of the keys that the data needs and DATA_KEYS lacks."""
    return sorted(set(facts.data_keys) - {sealing.key_id(key).hex() for key in sealing.data_keys()})


def to_text(manifest: Manifest) -> str:
    """Return the manifest with its seal, as JSON."""
    said = asdict(manifest)
    seal = base64.b64encode(sealing.seal_bytes(PURPOSE, b"", _digest(said))).decode()
    return json.dumps({**said, "seal": seal}, indent=2) + "\n"


def read_manifest(path: Path) -> Manifest:
    """Return the manifest in a file, whose keys are here and which nobody altered; raise BackupError otherwise."""
    try:
        said = json.loads(path.read_text("utf-8"))
        seal = base64.b64decode(said.pop("seal"))
        if said["format"] != FORMAT:
            raise BackupError(f"{path} was written by a newer version of Countersign: install that one first.")
        manifest = Manifest(**{**said, "facts": Facts(**said["facts"])})
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BackupError(f"{path} is no manifest of a backup, or a damaged one: give the .json file of one.") from None
    try:
        genuine = sealing.unseal_bytes(PURPOSE, b"", seal) == _digest(said)
    except sealing.AlteredValue:
        genuine = False
    except sealing.CannotOpen:
        raise BackupError(_wrong_keys(manifest)) from None
    if not genuine:
        raise BackupError(f"{path} was altered since it was made: take another backup, and find out who had access.")
    if missing_keys(manifest.facts):
        raise BackupError(_wrong_keys(manifest))
    return manifest


def check_dump(manifest: Manifest, path: Path) -> None:
    """Raise BackupError unless the dump is the whole one that the manifest tells of."""
    if not path.is_file():
        raise BackupError(f"{path} is missing: it belongs beside its manifest.")
    size = path.stat().st_size
    if size != manifest.size:
        raise BackupError(
            f"{path} has {size} bytes of {manifest.size}: it was cut off or written over. Copy it again, or take an"
            " older backup."
        )
    if digest_file(path) != manifest.sha256:
        raise BackupError(f"{path} is damaged: its checksum is another. Copy it again, or take an older backup.")


def digest_file(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest(said: dict[str, Any]) -> bytes:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).digest()


def _wrong_keys(manifest: Manifest) -> str:
    needed = ", ".join(manifest.facts.data_keys)
    present = ", ".join(sealing.key_id(key).hex() for key in sealing.data_keys())
    return (
        f"these are not the keys of this backup: it needs the data key {needed}, and DATA_KEYS holds {present}."
        f" Load {manifest.keys_file} from where you keep the keys, and try again. Nothing was changed."
    )
