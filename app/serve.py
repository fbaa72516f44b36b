"""One foreground command for one machine: the site, the mail worker and, without MAIL_SERVER, the mail catcher."""

import http.client
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import FrameType

import click
import flask_migrate
from flask import current_app, url_for
from sqlalchemy.exc import OperationalError

import config
from app.mailbox import catcher
from app.petitions.importing import BadPetitionFile, import_if_new

START_SECONDS = 30
STOP_SECONDS = 10


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
        slug = import_if_new(example) if example else None
    except OperationalError as error:
        click.echo(f"The database of DATABASE_URL cannot be used: {error.orig}", err=True)
        return 1
    except BadPetitionFile as error:
        click.echo(str(error), err=True)
        return 1
    env = dict(config.environment())
    mailbox = None
    if not current_app.config["MAIL_SERVER"]:
        folder = Path(current_app.config["INSTANCE_DIR"]) / "mailbox"
        mailbox = catcher.start(folder)
        env |= {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(mailbox.port), "COUNTERSIGN_MAILBOX": str(folder)}
        env |= dict.fromkeys(("MAIL_USE_TLS", "MAIL_USE_SSL", "MAIL_USERNAME", "MAIL_PASSWORD"), "")
    children = _start_all(env, [*(_web(host, port) for host in hosts), _worker()])
    try:
        return _stand_by(children, hosts[0], port, slug, has_mailbox=mailbox is not None)
    finally:
        _stop_all(children)
        if mailbox:
            mailbox.stop()


def _web(host: str, port: int) -> list[str]:
    return [
        *("granian", "--interface", "wsgi", "--host", host, "--port", str(port), "--no-ws"),
        # A web process that is told to stop while it starts would else stay for ever.
        *("--workers", "1", "--workers-kill-timeout", "2", "--blocking-threads", "16", "--log-level", "critical"),
        "wsgi:app",
    ]


def _worker() -> list[str]:
    return ["flask", "--app", "wsgi", "outbox", "work"]


def _start_all(env: dict[str, str], commands: list[list[str]]) -> list[subprocess.Popen[bytes]]:
    # All stay in one process group, so that whoever kills that leaves nothing behind. A Ctrl-C reaches all of them too;
    # ignored until each has its own handler, it does not tear one apart that is still starting.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return [subprocess.Popen([sys.executable, "-m", *command], env=env, cwd=config.ROOT) for command in commands]


def _stand_by(
    children: list[subprocess.Popen[bytes]], host: str, port: int, slug: str | None, *, has_mailbox: bool
) -> int:
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    deadline = time.monotonic() + START_SECONDS
    told = False
    while not stopping.wait(0.05 if not told else 0.5):
        ended = next((child for child in children if child.poll() is not None), None)
        if ended is not None:
            click.echo(f"{ended.args!r} ended by itself with {ended.returncode}; stopping everything.", err=True)
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
        petition = url_for("petitions.show", slug=slug) if slug else url_for("petitions.start")
        door = url_for("organisers.door")
        mail_server = f"letters go to {current_app.config['MAIL_SERVER']}"
        letters = base_url + url_for("mailbox.show") if has_mailbox else mail_server
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


def _stop_all(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        child.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        try:
            child.wait(max(0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
