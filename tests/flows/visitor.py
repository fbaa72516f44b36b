"""What a visitor does in a real browser: fills in the form, looks at the count, reads the mailbox."""

from playwright.sync_api import Locator, Page

from tests.flows.conftest import EXAMPLE
from tests.site import wait_until


def fill(page: Page, email: str, name: str = "Ann Example") -> None:
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Country").select_option("SE")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Everyone").check()


def count_of(page: Page) -> int:
    page.goto(f"/petitions/{EXAMPLE}")
    return int(page.locator(".count strong").first.inner_text().replace(",", ""))


def letter_to(page: Page, address: str, place: str = "confirm", which: int = 1) -> str:
    """Return the link to a `place` in the newest letter to `address`, once there are as many as `which`."""
    link = letter(page, address, which).locator("pre a", has_text=f"/{place}/").get_attribute("href")
    assert link
    return link


def letter(page: Page, address: str, which: int = 1) -> Locator:
    """Return the newest letter to `address` on the mailbox page, once there are as many as `which`."""
    wait_until(lambda: page.request.get("/dev/mailbox").text().count(f"<bdi>{address}</bdi>") >= which)
    page.goto("/dev/mailbox")
    return page.locator("article.letter", has_text=address).first
