"""The processes of `make run`: forked from the one that has everything loaded already, so that they start at once."""

import importlib
import multiprocessing
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkProcess

from flask import Flask

import config
from app.worker import Worker

STOP_SECONDS = 10


def start(settings: Mapping[str, str], hosts: Sequence[str], port: int) -> list[ForkProcess]:
    """Start a web server for each host, and the mail worker, each with an app made anew under these settings.

    They stay in this process group, so that whoever kills that leaves nothing behind. The caller has let go of its
    database connections, which two processes must not share.
    """
    fork = multiprocessing.get_context("fork")
    # A Ctrl-C reaches all of them: ignored until each has its own handler, it tears none apart that is still starting.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdout.flush()
    webs = [fork.Process(target=_serve_web, args=(settings, host, port), name=f"web on {host}") for host in hosts]
    processes = [*webs, fork.Process(target=_send_mail, args=(settings,), name="mail worker")]
    for process in processes:
        process.start()
    return processes


def stop(processes: Sequence[ForkProcess]) -> None:
    """Ask all of them to end in good order, and end those that do not."""
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in processes:
        process.join(max(0.0, deadline - time.monotonic()))
        process.kill()
        process.join()


def _serve_web(settings: Mapping[str, str], host: str, port: int) -> None:
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    _app_under(settings)
    server = Granian(
        "wsgi:app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        websockets=False,
        blocking_threads=16,
        workers_kill_timeout=2,  # a worker that is told to stop while it starts would else stay for ever
        log_level=LogLevels.critical,
    )
    server.serve()


def _send_mail(settings: Mapping[str, str]) -> None:
    with _app_under(settings).app_context():
        Worker().run()


def _app_under(settings: Mapping[str, str]) -> Flask:
    """Return the app that `wsgi` makes under these settings; who imports `wsgi` from now on gets this one."""
    config.set_environment(settings)
    app: Flask = importlib.reload(importlib.import_module("wsgi")).app
    return app
