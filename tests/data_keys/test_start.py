"""The site started as an operator does it: with its keys it starts, and without them it says what to do."""

import subprocess
import sys
from pathlib import Path

import pytest

import config
from app.data_keys.check import check_keys
from tests.conftest import SECRETS, make_app, on_server
from tests.data_keys.test_check import FIRST, SECOND, STRANGER, id_of
from tests.site import inherited

START = [sys.executable, "-m", "flask", "--app", "wsgi"]


def start(database_url: str, keys: str, *command: str) -> "subprocess.CompletedProcess[str]":
    """Start the site as an operator does, with these keys, and run a command of it."""
    env = {**inherited(), **SECRETS, "DATABASE_URL": database_url, "DATA_KEYS": keys}
    words = command or ("petition", "list")
    return subprocess.run([*START, *words], cwd=config.ROOT, env=env, capture_output=True, text=True, check=False)


def test_with_its_keys_the_site_starts_and_without_them_it_says_what_to_do(petition: str, database_url: str) -> None:
    both = start(database_url, f"{SECOND},{FIRST}")
    assert (both.returncode, both.stderr) == (0, "")

    wrong = start(database_url, STRANGER)
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("Countersign does not start: the database holds what was sealed with the data key ")
    assert id_of(FIRST) in wrong.stderr and id_of(SECOND) in wrong.stderr and id_of(STRANGER) in wrong.stderr
    assert "Put the missing key back into DATA_KEYS from your backup" in wrong.stderr
    assert STRANGER not in wrong.stderr

    without_older = start(database_url, SECOND)
    assert without_older.returncode == 1
    assert f"the data key {id_of(FIRST)}, and DATA_KEYS holds {id_of(SECOND)} only" in without_older.stderr


@pytest.mark.slow
def test_without_tables_or_without_a_database_it_starts_in_silence(postgres: str, tmp_path: Path) -> None:
    for url in (
        f"sqlite:///{tmp_path}/bare.db",
        on_server(postgres, "postgres"),  # where PostgreSQL keeps nothing
        f"sqlite:///{tmp_path}/no/such/folder.db",
        "postgresql://nobody@127.0.0.1:1/away",
    ):
        with make_app(tmp_path, url).app_context():
            check_keys()
    done = start(url, FIRST, "routes")
    assert (done.returncode, done.stderr) == (0, "")
