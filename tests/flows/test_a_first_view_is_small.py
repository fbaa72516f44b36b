"""What a first visit costs: bytes as they travel, and how many requests; and the second one nearly nothing."""

from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, CDPSession, Page

from tests.flows.conftest import EXAMPLE
from tests.site import Site

MOST_BYTES = 60_000
MOST_BYTES_OF_SCRIPTS = 10_000
MOST_REQUESTS = 16


@dataclass
class Traffic:
    """What travelled to a page: the bytes with their headers, by the kind of what was asked for."""

    session: CDPSession
    kinds: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.session.send("Network.enable")
        self.session.on("Network.responseReceived", lambda told: self.kinds.update({told["requestId"]: told["type"]}))
        self.session.on("Network.loadingFinished", self._finished)

    def _finished(self, told: dict[str, object]) -> None:
        self.sizes[str(told["requestId"])] = int(str(told["encodedDataLength"]).partition(".")[0])

    def of(self, kind: str) -> int:
        """Return how many bytes were of a kind, such as `Script` or `Font`."""
        return sum(size for one, size in self.sizes.items() if self.kinds[one] == kind)


def visit(page: Page, path: str) -> Traffic:
    traffic = Traffic(page.context.new_cdp_session(page))
    page.goto(path, wait_until="networkidle")
    return traffic


@pytest.mark.parametrize("language", ["en", "cs", "hu", "ru", "uk", "ar"])
def test_a_petition(browser: Browser, site: Site, language: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, base_url=f"http://localhost:{site.port}")
    page = context.new_page()
    traffic = visit(page, f"/petitions/{EXAMPLE}/{language}")
    assert 10_000 < sum(traffic.sizes.values()) < MOST_BYTES, traffic.sizes
    assert 0 < traffic.of("Script") < MOST_BYTES_OF_SCRIPTS
    assert traffic.of("Font") > 0
    assert len(traffic.sizes) <= MOST_REQUESTS
    again = visit(page, f"/petitions/{EXAMPLE}/signatures/{language}")
    assert again.of("Font") == 0
    assert sum(again.sizes.values()) < MOST_BYTES / 3
    context.close()


@pytest.mark.parametrize("path", ["/", f"/petitions/{EXAMPLE}/sign", f"/petitions/{EXAMPLE}/share"])
def test_other_pages(browser: Browser, site: Site, path: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 844}, base_url=f"http://localhost:{site.port}")
    traffic = visit(context.new_page(), path)
    assert sum(traffic.sizes.values()) < MOST_BYTES
    assert len(traffic.sizes) <= MOST_REQUESTS
    context.close()
