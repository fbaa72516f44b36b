"""What the stories in a real browser share: the machine's Chromium, and the site as `make run` serves it."""

import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from werkzeug.serving import make_server

import config
from tests.conftest import SECRETS
from tests.mail_server import free_port
from tests.site import Site

EXAMPLE = "free-boris-kagarlitsky"
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def machines_browser() -> str | None:
    """Return the path of the machine's Chromium, the lightest first, or of Chrome; None where there is none."""
    names = ("chromium-headless-shell", "chromium", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give the machine's Chromium; where there is none, CI fails and others are told."""
    path = machines_browser()
    if path is None:
        if config.environment().get("CI"):
            pytest.fail("CI must have a browser: see tests/install-browser.sh")
        pytest.skip("NO BROWSER HERE, SO NOTHING OF THIS WAS TESTED. Install Chromium: apt-get install chromium")
    expect.set_options(timeout=30_000)  # as every other step of a page may take
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Give the site as `make run` serves it, with its mailbox. All stories share it: look only at your own people."""
    folder = tmp_path_factory.mktemp("site")
    site = Site(folder, {**SECRETS, "DATABASE_URL": f"sqlite:///{folder}/site.db"})
    site._command += ["--example", f"examples/{EXAMPLE}.md"]
    yield site.start()
    site.interrupt()


@pytest.fixture(params=[(390, True), (1280, False)], ids=lambda p: f"{p[0]}px-scripts-{p[1]}")
def page(browser: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Give a page that fails the test if it asks another host, logs an error or breaks the content policy."""
    width, scripts = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 844},
        java_script_enabled=scripts,
        base_url=f"http://localhost:{site.port}",
    )
    page = context.new_page()
    troubles = troubles_of(page, site.port)
    yield page
    assert not context.cookies()
    context.close()
    assert not [trouble for trouble in troubles if not re.search("status of (410|422)", trouble)]


@pytest.fixture
def context(browser: Browser, site: Site) -> Iterator[BrowserContext]:
    """Give a phone's browser of its own."""
    base = f"http://localhost:{site.port}"
    context = browser.new_context(viewport={"width": 390, "height": 844}, base_url=base, locale="en-GB")
    yield context
    context.close()


@contextmanager
def served(app: Flask) -> Iterator[int]:
    """Serve an app of this test's own inside its process; give the port."""
    port = free_port()
    server = make_server("127.0.0.1", port, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield port
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def base(app: Flask) -> Iterator[str]:
    """The address of the site that a file has as its `app`."""
    with served(app) as port:
        yield f"http://localhost:{port}"


def overflows(page: Page) -> bool:
    """Tell whether a page scrolls sideways, once its style sheets are there."""
    page.wait_for_load_state()
    html = "document.documentElement"
    return bool(page.evaluate(f"{html}.scrollWidth > {html}.clientWidth"))


def troubles_of(page: Page, port: int) -> list[str]:
    """Return a list that fills with the page's errors, and with what it asks of any place but the site on `port`."""
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda asked: None if f"localhost:{port}" in asked.url else troubles.append(asked.url))
    return troubles
