"""The petition page: new, unchanged and for the first time, against the smallest Flask app on the same server."""

import http.client
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app

from app.confirmation.confirm import confirm
from app.models import Visibility
from app.petition_files.importing import import_file
from app.signing.entry import Correction
from bench import load, people
from bench.figure import Figure, in_turns, middle, ratios
from bench.stage import EXAMPLE, SLUG, Stage

CONNECTIONS = 16
SECONDS = 1.5
PUBLIC_NAMES = 20
FIRST_RENDERS = 15
PATH = f"/petitions/{SLUG}"


def run(stage: Stage) -> Iterator[Figure]:
    """Measure the page as the example petition has it, with as many public names as it shows."""
    database = stage.database("visiting")
    app = stage.app(database)
    _confirm_some(app)
    site, hello = stage.serve_site(database), stage.serve_hello()
    etag = _etag(site)

    def rate(port: int, request: bytes, status: int = 200) -> float:
        return load.rate(port, [request], status, CONNECTIONS, SECONDS, again=True)

    def smallest() -> float:
        return rate(hello, load.get("/"))

    for port, path in ((site, PATH), (hello, "/")):
        rate(port, load.get(path))
    pairs = in_turns(lambda: rate(site, load.get(PATH)), smallest)
    detail = f"page {middle(pairs, 0)}/s, hello {middle(pairs, 1)}/s"
    yield Figure("page: 200 / hello-world", ratios(pairs), "x", at_least=3, detail=detail)
    pairs = in_turns(lambda: rate(site, load.get(PATH, If_None_Match=etag), 304), smallest)
    detail = f"page {middle(pairs, 0)}/s, hello {middle(pairs, 1)}/s"
    yield Figure("page: 304 / hello-world", ratios(pairs), "x", at_least=0.8, detail=detail)
    first, again = _renders(app)
    yield Figure("page: first render, in the app", first, "ms", at_most=4)
    yield Figure(
        "page: rendered again, in the app", again, "ms", detail="what a worker does once a second; nothing wanted"
    )


def _confirm_some(app: Flask) -> None:
    some = people.make_drafts(app, PUBLIC_NAMES, 1)
    with app.app_context():
        for one in some:
            correction = Correction("Ann Example", "Reader", "SE", "I read.", Visibility.PUBLIC, updates=False)
            assert confirm(one.public_id, correction)


def _etag(port: int) -> str:
    asking = http.client.HTTPConnection("127.0.0.1", port)
    asking.request("GET", PATH)
    etag = asking.getresponse().getheader("ETag")
    asking.close()
    assert etag
    return etag


def _renders(app: Flask) -> tuple[list[float], list[float]]:
    """Return the milliseconds that petitions' pages took when nobody had asked for them before, and when asked again.

    The code is warm by then: another petition's page was asked for first.
    """
    with tempfile.TemporaryDirectory() as folder, app.app_context():
        for number in range(FIRST_RENDERS):
            file = Path(folder) / "petition.md"
            file.write_text(EXAMPLE.read_text("utf-8").replace(SLUG, f"{SLUG}-{number}") + f"\n\n{number}\n", "utf-8")
            import_file(file)
    for _ in range(3):
        _render(app, PATH)
    first, again = ([_render(app, f"{PATH}-{number}") for number in range(FIRST_RENDERS)] for _ in range(2))
    return first, again


def _render(app: Flask, path: str) -> float:
    environ = EnvironBuilder(path).get_environ()
    began = time.perf_counter()
    _, status, _ = run_wsgi_app(app, environ, buffered=True)
    took = time.perf_counter() - began
    assert status == "200 OK"
    return took * 1000
