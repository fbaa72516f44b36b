"""From nothing but Python and make: a clone, `make run` cut off half-way, `make run` again, and Ctrl-C."""

import subprocess
import time
from pathlib import Path

import psutil
import pytest

import config
from tests.mail_server import free_port
from tests.site import Site, inherited

pytestmark = pytest.mark.slow

INSTALLING_SECONDS = 300


def test_a_fresh_clone_runs_and_a_half_finished_first_run_is_finished_by_the_next(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(config.ROOT), str(clone)], check=True)
    command = ["make", "run", f"PORT={free_port()}"]
    first = subprocess.Popen(command, cwd=clone, env=inherited())
    while not (clone / ".venv" / "bin" / "python").exists():
        time.sleep(0.1)
    kill(first)
    assert not (clone / ".venv" / "installed").exists()

    run(clone)
    database = clone / "instance" / "countersign.db"
    before = database.stat().st_ino
    for secret in ("secret_key", "data_keys"):
        assert (clone / "instance" / secret).stat().st_mode & 0o777 == 0o600
    run(clone)
    assert database.stat().st_ino == before


def run(clone: Path) -> None:
    """Run the site there, look at its three lines and its page, and press Ctrl-C."""
    port = free_port()
    site = Site(clone, {"PORT": str(port)}, ["make", "run"])
    site.start(INSTALLING_SECONDS)
    told = [line for line in site.lines if f"http://localhost:{port}" in line]
    assert [line.partition(":")[0] for line in told] == ["The petition", "The mailbox", "The organisers' door"]
    for line in told:
        path = line.strip().rpartition(f":{port}")[2]
        assert site.ask("GET", path)[0] == 200
    assert "Free Boris Kagarlitsky!" in site.ask("GET", "/petitions/free-boris-kagarlitsky")[1]
    site.interrupt()


def kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill it and all that it started with -9."""
    parent = psutil.Process(process.pid)
    for member in [*parent.children(recursive=True), parent]:
        member.kill()
    process.wait()
