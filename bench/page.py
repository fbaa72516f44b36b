"""The petition page: new, unchanged, by links from elsewhere and for the first time.

It is measured against the least that is possible: an app of a few lines that answers the same bytes on the same server.
"""

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
from app.signing.draft import find_draft
from app.signing.entry import Correction
from bench import load, people
from bench.figure import Figure, in_turns, middle, ratios
from bench.stage import EXAMPLE, SLUG, Stage

CONNECTIONS = 16
SECONDS = 1.5
PUBLIC_NAMES = 20
FIRST_RENDERS = 15
ACCEPTED = "gzip"
OF_THE_SERVER = {"date", "server", "connection", "transfer-encoding"}
PATH = f"/petitions/{SLUG}"


def run(stage: Stage) -> Iterator[Figure]:
    """Measure the page as the example petition has it, with as many public names as it shows."""
    database = stage.database("visiting")
    app = stage.app(database)
    _confirm_some(app)
    site, hello = stage.serve_site(database), stage.serve_hello()
    headers, body = _answer(site)
    bare = stage.serve_bare(headers, body)

    def rate(port: int, *requests: bytes, status: int = 200) -> float:
        return load.rate(port, requests, status, CONNECTIONS, SECONDS, again=True)

    def page(query: str = "") -> bytes:
        return load.get(PATH + query, Accept_Encoding=ACCEPTED)

    for port, path in ((site, PATH), (hello, "/"), (bare, "/")):
        rate(port, load.get(path, Accept_Encoding=ACCEPTED))
    plain, smallest, limit = page(), load.get("/"), load.get("/", Accept_Encoding=ACCEPTED)
    shared, campaigns = page("?fbclid=IwAR0abc"), [page(f"?utm_source=newsletter&id={one}") for one in range(20_000)]
    unchanged = load.get(PATH, Accept_Encoding=ACCEPTED, If_None_Match=dict(headers)["etag"])
    sides = in_turns(
        lambda: rate(site, plain),
        lambda: rate(bare, limit),
        lambda: rate(hello, smallest),
        lambda: rate(site, shared),
        lambda: rate(site, *campaigns),
        lambda: rate(site, unchanged, status=304),
    )

    def figure(name: str, side: int, of: int, at_least: float) -> Figure:
        detail = f"{middle(sides, side)}/s of {middle(sides, of)}/s"
        return Figure(name, ratios([(one[side], one[of]) for one in sides]), "x", at_least=at_least, detail=detail)

    yield figure("page: 200, gzip / bare WSGI with the same bytes", 0, 1, 0.9)
    yield figure("page: 200, gzip / Flask hello-world", 0, 2, 2)
    yield figure("page: link from a network / page without", 3, 0, 0.8)
    yield figure("page: a new parameter each time / page without", 4, 0, 0.6)
    yield figure("page: 304 / Flask hello-world", 5, 2, 0.8)
    first, again = _renders(app)
    yield Figure("page: first render, in the app", first, "ms", at_most=5)
    yield Figure(
        "page: rendered again, in the app", again, "ms", detail="what a worker does once a second; nothing wanted"
    )


def _confirm_some(app: Flask) -> None:
    some = people.make_drafts(app, PUBLIC_NAMES, 1)
    with app.app_context():
        for one in some:
            correction = Correction("Ann Example", "Reader", "SE", "I read.", Visibility.PUBLIC, updates=False)
            entry = find_draft(one.public_id)
            assert entry
            assert confirm(entry, correction)


def _answer(port: int) -> tuple[list[tuple[str, str]], bytes]:
    asking = http.client.HTTPConnection("127.0.0.1", port)
    asking.request("GET", PATH, headers={"Accept-Encoding": ACCEPTED})
    answer = asking.getresponse()
    body = answer.read()
    asking.close()
    assert answer.getheader("Content-Encoding") == ACCEPTED
    return [(name.lower(), value) for name, value in answer.getheaders() if name.lower() not in OF_THE_SERVER], body


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
