"""What the stories in a real browser share: the machine's Chromium, and the site as `make run` serves it."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

import config
from tests.conftest import SECRETS
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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give the machine's Chromium; where there is none, CI fails and others are told."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        if config.environment().get("CI"):
            pytest.fail("CI must have a browser: see tests/install-chromium.sh")
        pytest.skip("NO BROWSER HERE, SO NOTHING OF THIS WAS TESTED. Install Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Give the site as `make run` serves it, with its mailbox."""
    folder = tmp_path_factory.mktemp("site")
    site = Site(folder, {**SECRETS, "DATABASE_URL": f"sqlite:///{folder}/site.db"})
    site._command += ["--example", f"examples/{EXAMPLE}.md"]
    yield site.start()
    site.interrupt()


def overflows(page: Page) -> bool:
    """Tell whether a page scrolls sideways, once its style sheets are there."""
    page.wait_for_load_state()
    return bool(page.locator("html").evaluate("html => html.scrollWidth > html.clientWidth"))


def troubles_of(page: Page, port: int) -> list[str]:
    """Return a list that fills with the page's errors, and with what it asks of any place but the site on `port`."""
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda asked: None if f"localhost:{port}" in asked.url else troubles.append(asked.url))
    return troubles
