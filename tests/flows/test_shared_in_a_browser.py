"""Shared in a real browser: another site shows the count, and buttons do what they say."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from flask_migrate import upgrade
from playwright.sync_api import Browser, BrowserContext

from app.sharing import embedding
from tests.conftest import make_app
from tests.factories import make_petition
from tests.flows.conftest import EXAMPLE, overflows, served
from tests.site import Site

FRAMED = ["", "/share", "/poster", "/sign", "/signed", "/my-signature", "/changes"]


class Strangers(BaseHTTPRequestHandler):
    """A page of somebody else."""

    html = ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(self.html.encode())

    def log_message(self, *_said: object) -> None:
        """Say nothing."""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """Another site than ours: one page, whose HTML a test sets; its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Strangers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_another_site_shows_badge_and_counter_as_they_are_copied(context: BrowserContext, elsewhere: str) -> None:
    page = context.new_page()
    page.goto(f"/petitions/{EXAMPLE}/share")
    badge, counter = page.locator("#badge-code").input_value(), page.locator("#counter-code").input_value()
    here = page.url.split("/petitions")[0]
    Strangers.html = f"<!doctype html><title>Mine</title><p>{badge}</p>{counter}"
    page.goto(elsewhere)
    frame = page.frame_locator("iframe")
    assert frame.get_by_role("heading").inner_text() == "Free Boris Kagarlitsky!"
    assert "Be among the first to sign" in frame.locator("[data-count]").inner_text()
    assert page.locator("img").evaluate("async (image) => { await image.decode(); return image.naturalWidth }") > 100
    assert not frame.locator("html").evaluate(
        "html => html.scrollHeight > innerHeight || html.scrollWidth > innerWidth"
    )
    with page.expect_popup() as opened:
        frame.get_by_role("link", name="Sign this petition").click()
    opened.value.wait_for_load_state()
    assert opened.value.url == f"{here}/petitions/{EXAMPLE}#sign"
    assert opened.value.evaluate("opener") is None
    assert not context.cookies()


def test_no_other_page_is_shown_in_anothers_frame(context: BrowserContext, site: Site, elsewhere: str) -> None:
    places = [f"/petitions/{EXAMPLE}{path}" for path in FRAMED] + ["/", "/organise/login"]
    sources = [f"http://localhost:{site.port}{place}" for place in places]
    Strangers.html = "".join(f"<iframe src='{source}'></iframe>" for source in sources)
    page = context.new_page()
    page.goto(elsewhere)
    page.wait_for_load_state("networkidle")
    assert [frame.url for frame in page.frames[1:]] == ["chrome-error://chromewebdata/"] * len(sources)


def test_what_is_copied_is_said_and_lies_in_the_clipboard(context: BrowserContext) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"/petitions/{EXAMPLE}/share")
    page.get_by_role("button", name="Copy the counter").click()
    page.get_by_role("status").get_by_text("Copied.").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#counter-code").input_value()
    context.clear_permissions()
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.get_by_role("button", name="Copy the address").click()
    page.get_by_role("status").get_by_text("Selected").wait_for()
    assert page.evaluate("getSelection().toString()") == page.locator("#share-address").input_value()
    assert not overflows(page)


def test_the_devices_own_sheet_gets_words_and_address(context: BrowserContext) -> None:
    page = context.new_page()
    page.add_init_script("navigator.share = async (data) => { window.shared = data }")
    page.goto(f"/petitions/{EXAMPLE}/share")
    page.get_by_role("button", name="Share with an app").click()
    shared = page.evaluate("window.shared")
    assert shared["url"].endswith(f"/petitions/{EXAMPLE}")
    assert "Free Boris Kagarlitsky!" in shared["text"]


def test_a_counter_keeps_within_its_frame_whatever_is_on_it(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("counters")
    app = make_app(folder, f"sqlite:///{folder}/site.db")
    with app.app_context():
        upgrade()
    make_petition(app, slug='"short"')
    make_petition(app, slug='"long"', title=f'"{"Many words " * 18}"', statement=f'"{"And more of them " * 400}"')
    make_petition(app, slug='"wide"', title=f'"{"W" * 200}"', statement=f'"{"W" * 3000}"')
    with served(app) as port:
        page = browser.new_page(base_url=f"http://localhost:{port}")
        for slug in ("short", "long", "wide"):
            width, height = embedding.SIZE
            page.set_viewport_size({"width": width, "height": height})
            page.goto(f"/petitions/{slug}/embed")
            assert page.locator("html").evaluate("html => html.scrollHeight <= innerHeight"), slug
        page.close()
