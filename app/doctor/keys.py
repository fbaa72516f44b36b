"""The keys, and where they lie: read by their owner alone, the same everywhere, and not beside the data."""

import stat
from collections.abc import Iterable
from pathlib import Path

from flask import current_app
from sqlalchemy.engine import make_url

from app.data_keys.check import absent_keys
from app.doctor.finding import Finding, ok, warning, wrong
from app.doctor.set_up import SetUp
from app.web.this_machine import is_loopback
from config import ConfigError

NAMES = ("secret_key", "data_keys")


def check_keys(site: SetUp) -> Iterable[Finding]:
    """Look at the key files that are there, and whether they are those in use."""
    folder = Path(current_app.config["INSTANCE_DIR"])
    dkim_file: Path | None = current_app.config["DKIM_KEY_FILE"]
    files = [path for path in (*(folder / name for name in NAMES), dkim_file) if path and path.exists()]
    yield _modes(folder, files)
    yield _data_keys()
    own = [name for name in NAMES if _is_in_use(folder, name)]
    url = make_url(current_app.config["SQLALCHEMY_DATABASE_URI"])
    if url.get_backend_name() == "postgresql" and own and url.host and not _is_here(url.host):
        yield warning(
            "Place of the keys",
            f"SECRET_KEY or DATA_KEYS lies in {folder} of this machine, and the database on {url.host}: a second"
            " machine would make keys of its own.",
            "Set SECRET_KEY and DATA_KEYS to what stands in those files, the same on all machines.",
        )
    elif url.get_backend_name() == "sqlite" and own and site.is_public and _is_beside(folder, str(url.database)):
        yield warning(
            "Place of the keys",
            f"The keys lie beside the database, in {folder}: whoever copies that folder reads who signed.",
            f"Copy what stands in {' and '.join(own)} there into a file elsewhere, such as /etc/countersign/env, as"
            f" {' and '.join(map(str.upper, own))}; restart, see that the site starts and old links work, and only then"
            " remove what you copied. Make no new keys: nobody could read any more what these have sealed.",
        )
    else:
        yield ok("Place of the keys", f"They are in {folder}." if own else "They are set from outside.")


def _modes(folder: Path, files: Iterable[Path]) -> Finding:
    name = "Who may read the keys"
    forbidden = dict.fromkeys(files, stat.S_IRWXG | stat.S_IRWXO)
    if folder.exists():
        forbidden[folder] = stat.S_IWGRP | stat.S_IWOTH  # who may write there replaces them
    loose = {path: mode for path, bits in forbidden.items() if (mode := path.stat().st_mode) & bits}
    if not loose:
        return ok(name, "Their owner alone.")
    modes = ", ".join(f"{path} (mode {stat.S_IMODE(mode):04o})" for path, mode in loose.items())
    return wrong(
        name,
        f"Others on this machine may read or replace {modes}.",
        f"Run: chmod go-rwx {' '.join(map(str, loose))}. If somebody may have read them, change the keys as well: see"
        " docs/operations.md.",
    )


def _data_keys() -> Finding:
    try:
        absent = ", ".join(sorted(key_id.hex() for key_id in absent_keys()))
    except (OSError, ConfigError) as error:
        return wrong("Data keys", f"They cannot be read: {error}", "Put them back from where you keep them.")
    if absent:
        return wrong(
            "Data keys",
            f"The key {absent} is in use and is not here: what it sealed cannot be read.",
            "Add it to DATA_KEYS from where you keep the keys.",
        )
    return ok("Data keys", "All that are in use are here.")


def _is_in_use(folder: Path, name: str) -> bool:
    if name == "data_keys":
        return current_app.config["DATA_KEYS_FILE"] is not None
    try:
        return (folder / name).read_text().strip() == str(current_app.config["SECRET_KEY"])
    except OSError:
        return False


def _is_here(host: str) -> bool:
    return host.startswith("/") or is_loopback(host)


def _is_beside(folder: Path, database: str) -> bool:
    return Path(database).resolve().is_relative_to(folder.resolve())
