"""A person with a real browser, on a phone and on a screen, with scripts and without: sign, read, press, be counted."""

import os
import re
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

import config
from tests.conftest import SECRETS
from tests.site import Site, wait_until

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


@pytest.fixture(
    params=[(390, True), (390, False), (1280, True), (1280, False)], ids=lambda p: f"{p[0]}px-scripts-{p[1]}"
)
def page(browser: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Give a page that fails the test if it asks another host, logs an error or breaks the content policy."""
    width, scripts = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 844},
        java_script_enabled=scripts,
        base_url=f"http://localhost:{site.port}",
    )
    page = context.new_page()
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda asked: None if f"localhost:{site.port}" in asked.url else troubles.append(asked.url))
    yield page
    assert not context.cookies()
    context.close()
    assert not [trouble for trouble in troubles if "422" not in trouble]


def fill(page: Page, email: str, name: str = "Ann Example") -> None:
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Country of origin").select_option("SE")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Everyone: it is shown on this site", exact=False).check()


def count_of(page: Page) -> int:
    page.goto(f"/petitions/{EXAMPLE}")
    return int(page.locator(".count strong").first.inner_text().replace(",", ""))


def letter_to(page: Page, address: str) -> str:
    """Return the link in the letter to `address`, read in the mailbox page."""
    letter = page.locator("article.letter", has_text=address)

    def arrived() -> bool:
        page.goto("/dev/mailbox")
        return letter.count() > 0

    wait_until(arrived)
    link = letter.locator("pre a", has_text="/confirm/").get_attribute("href")
    assert link
    return link


def overflows(page: Page) -> bool:
    return bool(page.locator("html").evaluate("html => html.scrollWidth > html.clientWidth"))


def test_the_whole_story(page: Page) -> None:
    address = f"ann{os.urandom(4).hex()}@example.org"
    before = count_of(page)
    page.get_by_role("link", name="Support now").first.click()
    assert page.url.endswith("#sign")
    fill(page, address)
    page.get_by_role("button", name="Sign").click()
    assert "/check-your-email/" in page.url
    assert address in page.inner_text("main")

    link = letter_to(page, address)
    page.goto(link)
    assert count_of(page) == before
    page.goto(link)
    page.get_by_role("button", name="I agree, count my signature").click()
    assert page.url.endswith(f"/petitions/{EXAMPLE}/signed")
    assert page.locator(".count strong").inner_text() == str(before + 1)
    wait_until(lambda: count_of(page) == before + 1)
    assert not overflows(page)


def test_errors_take_the_focus_and_lead_to_their_fields(page: Page) -> None:
    page.goto(f"/petitions/{EXAMPLE}")
    page.get_by_label("Your name").fill("Kept Example")
    page.get_by_label("E-mail").fill("not an address")
    page.get_by_role("button", name="Sign").click()
    assert page.locator(".error-summary:focus").count() == 1
    assert page.get_by_label("Your name").input_value() == "Kept Example"
    page.get_by_role("link", name=re.compile("not a complete e-mail address")).click()
    assert page.url.endswith("#email")
    assert page.locator("#email:focus").count() == 1
    assert not overflows(page)


def test_the_button_works_where_the_browser_hides_where_it_comes_from(page: Page) -> None:
    address = f"hidden{os.urandom(4).hex()}@example.org"
    page.goto(f"/petitions/{EXAMPLE}")
    fill(page, address, "Hidden Example")
    page.get_by_role("button", name="Sign").click()
    link = letter_to(page, address)
    before = count_of(page)

    def hide(route):  # type: ignore[no-untyped-def]
        headers = {name: value for name, value in route.request.headers.items() if not name.startswith("sec-fetch")}
        route.continue_(headers={**headers, "origin": "null"})

    page.route("**/confirm/**", hide)
    page.goto(link)
    page.get_by_role("button", name="I agree, count my signature").click()
    assert page.url.endswith("/signed")
    assert page.locator(".count strong").inner_text() == str(before + 1)


def test_every_page_fits_on_the_narrowest_phone(browser: Browser, site: Site) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 640}, base_url=f"http://localhost:{site.port}")
    page = context.new_page()
    for path in (
        "/",
        f"/petitions/{EXAMPLE}",
        f"/petitions/{EXAMPLE}/sign",
        "/organise/login",
        "/dev/mailbox",
        "/nowhere",
    ):
        page.goto(path)
        assert not overflows(page), path
    context.close()
