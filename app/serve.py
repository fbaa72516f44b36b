"""One foreground command for one machine: the site, the mail worker and, without MAIL_SERVER, the mail catcher."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import click
import flask_migrate
from flask import current_app, url_for
from sqlalchemy.exc import OperationalError

import config
from app.data_keys.check import check_keys
from app.db import db
from app.mailbox import catcher
from app.petition_files.importing import BadPetitionFile, import_if_new
from app.stop_signal import StopSignal
from config import ConfigError

START_SECONDS = 60
STOP_SECONDS = 10
# As deploy/countersign-web.service; a worker that is told to stop while it starts would stay without the timeout.
WEB_SERVER = (
    *("granian", "--interface", "wsgi", "--no-ws", "--blocking-threads", "16"),
    *("--workers-kill-timeout", "2", "--log-level", "critical", "wsgi:app"),
)
MAIL_WORKER = ("flask", "--app", "wsgi", "outbox", "work")


def serve(example: Path | None) -> int:
    """Migrate, load `example` if it is new, start everything and wait for Ctrl-C; return the exit code."""
    port = current_app.config["PORT"]
    hosts = _loopback_hosts()
    taken = [host for host in hosts if not _is_free(host, port)]
    if taken:
        click.echo(f"Port {port} is in use. Stop what uses it, or choose another: make run PORT={port + 1}", err=True)
        return 1
    try:
        flask_migrate.upgrade()
        check_keys()  # a database without its tables passed it before
        slug = import_if_new(example) if example else None
    except OperationalError as error:
        click.echo(f"The database of DATABASE_URL cannot be used: {error.orig}", err=True)
        return 1
    except (BadPetitionFile, ConfigError) as error:
        click.echo(str(error), err=True)
        return 1
    db.session.remove()
    db.engine.dispose()
    with_mailbox = not current_app.config["MAIL_SERVER"]
    folder = Path(current_app.config["INSTANCE_DIR"]) / "mailbox"
    mail_port = catcher.free_port()
    stop = StopSignal()
    mailbox = catcher.start(folder, mail_port) if with_mailbox else None
    children = start(_commands(hosts, port), _caught_by(folder, mail_port) if with_mailbox else {})
    try:
        return _stand_by(children, stop, hosts[0], port, slug, has_mailbox=with_mailbox)
    finally:
        end(list(children.values()))
        if mailbox:
            mailbox.stop()


def _caught_by(folder: Path, port: int) -> dict[str, str]:
    """Return the settings under which letters go to the catcher on `port`, and are shown from `folder`."""
    unset = dict.fromkeys(("MAIL_USE_TLS", "MAIL_USE_SSL", "MAIL_USERNAME", "MAIL_PASSWORD"), "")
    return {**unset, "MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(port), "COUNTERSIGN_MAILBOX": str(folder)}


def _commands(hosts: Sequence[str], port: int) -> dict[str, Sequence[str]]:
    """Return the commands of a web server for each host and of the mail worker, by name."""
    servers = {f"web server on {host}": [*WEB_SERVER, "--host", host, "--port", str(port)] for host in hosts}
    return {**servers, "mail worker": MAIL_WORKER}


def start(commands: Mapping[str, Sequence[str]], settings: Mapping[str, str]) -> dict[str, subprocess.Popen[bytes]]:
    """Start these Python modules under these settings; return the processes by name.

    Each leads a process group of its own. So a Ctrl-C reaches this process alone, and each gets one signal to end: of
    two at once Granian can hang. And whatever it started can be ended with it.
    """
    environment = {**config.environment(), **settings}
    return {
        name: subprocess.Popen([sys.executable, "-m", *command], cwd=config.ROOT, env=environment, process_group=0)
        for name, command in commands.items()
    }


def end(children: Sequence[subprocess.Popen[bytes]]) -> None:
    """Ask all of them to end in good order, and after STOP_SECONDS kill those that do not, with all they started."""
    for child in children:
        child.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        with suppress(subprocess.TimeoutExpired):
            child.wait(max(0.0, deadline - time.monotonic()))
        with suppress(ProcessLookupError):  # also one that ended by itself may have left others behind
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _stand_by(
    children: Mapping[str, subprocess.Popen[bytes]],
    stop: StopSignal,
    host: str,
    port: int,
    slug: str | None,
    *,
    has_mailbox: bool,
) -> int:
    deadline = time.monotonic() + START_SECONDS
    told = False
    while not stop.wait(0.05 if not told else 0.5):
        ended = next((name for name, child in children.items() if child.poll() is not None), None)
        if ended is not None:
            code = children[ended].returncode
            click.echo(f"The {ended} ended by itself with {code}; stopping everything.", err=True)
            return 1
        if not told and _answers(host, port):
            _tell(slug, has_mailbox=has_mailbox)
            told = True
        elif not told and time.monotonic() > deadline:
            click.echo(f"The site did not answer within {START_SECONDS} seconds; stopping everything.", err=True)
            return 1
    return 0


def _tell(slug: str | None, *, has_mailbox: bool) -> None:
    base_url = current_app.config["BASE_URL"]
    with current_app.test_request_context():
        petition = url_for("pages.petition", slug=slug) if slug else url_for("pages.start")
        door = url_for("security.login")
        mail_server = f"letters go to {current_app.config['MAIL_SERVER']}"
        letters = base_url + url_for("mailbox.show_mailbox") if has_mailbox else mail_server
    click.echo(f"The petition:          {base_url}{petition}")
    click.echo(f"The mailbox:           {letters}")
    click.echo(f"The organisers' door:  {base_url}{door}")


def _loopback_hosts() -> list[str]:
    return ["127.0.0.1", "::1"] if socket.has_ipv6 and _is_free("::1", 0) else ["127.0.0.1"]


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _answers(host: str, port: int) -> bool:
    asking = http.client.HTTPConnection(host, port, timeout=2)
    try:
        asking.request("GET", "/healthz")
        return asking.getresponse().status == 200
    except OSError:
        return False
    finally:
        asking.close()
