"""A mail server that pipes a large message in is never hung up on."""

import subprocess
import sys
from pathlib import Path

import config
from app.bounces.parts import MAX_BYTES
from tests.apps import SECRETS


def test_a_pipe_is_read_to_its_end_though_only_the_beginning_is_looked_at(tmp_path: Path) -> None:
    env = {**config.environment(), **SECRETS, "DATABASE_URL": f"sqlite:///{tmp_path}/none.db"}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "bounces", "read"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, cwd=config.ROOT) as reading:
        assert reading.stdin and reading.stdout
        reading.stdin.write(b"From: <>\n\n" + b"x" * MAX_BYTES)
        for _ in range(64):  # more than a pipe holds
            reading.stdin.write(b"x" * MAX_BYTES)
        reading.stdin.close()
        assert reading.stdout.read() == b"1 not of an e-mail of this site\n"
    assert reading.returncode == 0
