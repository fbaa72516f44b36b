"""The whole site as processes of its own, as `make run` starts them, to be asked over HTTP and killed."""

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import psutil

import config
from tests.factories import hidden_fields
from tests.mail_server import free_port

START_SECONDS = 60
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Site:
    """One running `flask serve` (or another command that ends in it) with its web, worker and catcher."""

    def __init__(self, folder: Path, env: dict[str, str], command: list[str] | None = None) -> None:
        self.port = int(env.get("PORT") or free_port())
        self.folder = folder
        self._command = command or [sys.executable, "-m", "flask", "--app", "wsgi", "serve"]
        self._env = {**inherited(), **env, "PORT": str(self.port), "PYTHONUNBUFFERED": "1"}
        self.lines: list[str] = []

    def start(self, seconds: float = START_SECONDS) -> "Site":
        """Start it and wait for the line that is printed last."""
        self.process = subprocess.Popen(
            self._command,
            cwd=config.ROOT if "-m" in self._command else self.folder,
            env=self._env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines = []
        threading.Thread(target=self._listen, args=(self.process,), daemon=True).start()
        wait_until(lambda: any("door:" in line for line in self.lines) or self.process.poll() is not None, seconds)
        assert self.process.poll() is None, "".join(self.lines)
        return self

    def _listen(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout
        with process.stdout as output:
            self.lines.extend(iter(output.readline, ""))

    def interrupt(self) -> int:
        """Press Ctrl-C; return the exit code once everything has ended."""
        family = self._family()
        os.killpg(self.process.pid, signal.SIGINT)  # as a terminal does: make and what it runs both get it
        code = self.process.wait(START_SECONDS)
        left = psutil.wait_procs(family, timeout=10)[1]
        assert not [member for member in left if member.status() != psutil.STATUS_ZOMBIE]
        return code

    def kill_everything(self) -> None:
        """Kill every process of it with -9."""
        family = self._family()
        for member in family:
            member.kill()
        self.process.wait(10)
        left = psutil.wait_procs(family, timeout=10)[1]
        assert not [member for member in left if member.status() != psutil.STATUS_ZOMBIE]

    def _family(self) -> list[psutil.Process]:
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def ask(
        self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, str, str]:
        """Send one request; return status, text and Location."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), answer.headers.get("Location", "")
        finally:
            connection.close()

    def sign(self, slug: str, email: str, name: str = "Ann Example") -> str:
        """Sign on the petition's page; return where the site sends the signer next."""
        page = self.ask("GET", f"/petitions/{slug}")[1]
        fields = {
            "name": name,
            "country": "SE",
            "email": email,
            "visibility": "public",
            **hidden_fields(page),
        }
        status, text, location = self.ask("POST", f"/petitions/{slug}/sign", urlencode(fields), FORM)
        assert status == 303, text
        return location

    def confirm(self, path: str, name: str = "Ann Example") -> tuple[int, str, str]:
        """Open a confirmation link and press its button."""
        fields = {"name": name, "country": "SE", "visibility": "public"}
        fields |= hidden_fields(self.ask("GET", path)[1])
        return self.ask("POST", path, urlencode(fields), FORM)


def inherited() -> dict[str, str]:
    """Return this process's environment without the settings of a site; compiled code is kept from one to the next."""
    ours = {"DATABASE_URL", "BASE_URL", "PORT", "SECRET_KEY", "DATA_KEYS", "TRUSTED_PROXIES", "REDIS_URL"}
    given = config.environment()
    kept = {name: value for name, value in given.items() if name not in ours and not name.startswith("MAIL_")}
    return {**kept, "PYTHONDONTWRITEBYTECODE": ""}


def wait_until(true: Callable[[], object], seconds: float = START_SECONDS) -> None:
    """Wait until `true` says so; fail when it never does."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)
