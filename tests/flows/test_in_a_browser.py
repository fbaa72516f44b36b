"""A person with a real browser, on a phone and on a screen, with scripts and without: sign, read, press, be counted."""

import os
import re

import pytest
from playwright.sync_api import Page, expect

from tests.flows.conftest import EXAMPLE, overflows
from tests.flows.visitor import count_of, fill, letter_to
from tests.site import wait_until


@pytest.mark.parametrize(
    "page",
    [
        (390, True),
        pytest.param((390, False), marks=pytest.mark.slow),
        pytest.param((1280, True), marks=pytest.mark.slow),
        (1280, False),
    ],
    ids=lambda p: f"{p[0]}px-scripts-{p[1]}",
    indirect=True,
)
def test_the_whole_story(page: Page) -> None:
    address = f"ann{os.urandom(4).hex()}@example.org"
    before = count_of(page)
    page.get_by_role("link", name="Support now").first.click()
    page.wait_for_url("**#sign")
    fill(page, address)
    page.get_by_role("button", name="Sign").click()
    page.wait_for_url("**/check-your-email/**")
    expect(page.locator("main")).to_contain_text(address)

    link = letter_to(page, address)
    page.goto(link)
    assert count_of(page) == before
    page.goto(link)
    page.get_by_role("button", name="I agree, count my signature").click()
    page.wait_for_url(f"**/petitions/{EXAMPLE}/signed")
    expect(page.locator(".count strong")).to_have_text(str(before + 1))
    wait_until(lambda: count_of(page) == before + 1)
    assert not overflows(page)


def test_errors_take_the_focus_and_lead_to_their_fields(page: Page) -> None:
    page.goto(f"/petitions/{EXAMPLE}")
    page.get_by_label("Your name").fill("Kept Example")
    page.get_by_label("E-mail").fill("not an address")
    page.get_by_role("button", name="Sign").click()
    page.locator(".error-summary:focus").wait_for()
    expect(page.get_by_label("Your name")).to_have_value("Kept Example")
    page.get_by_role("link", name=re.compile("not a complete e-mail address")).click()
    page.wait_for_url("**#email")
    page.locator("#email:focus").wait_for()
    assert not overflows(page)


def test_the_button_works_where_the_browser_hides_where_it_comes_from(page: Page) -> None:
    address = f"hidden{os.urandom(4).hex()}@example.org"
    page.goto(f"/petitions/{EXAMPLE}")
    fill(page, address, "Hidden Example")
    page.get_by_role("button", name="Sign").click()
    page.wait_for_url("**/check-your-email/**")
    link = letter_to(page, address)
    before = count_of(page)

    def hide(route):  # type: ignore[no-untyped-def]
        headers = {name: value for name, value in route.request.headers.items() if not name.startswith("sec-fetch")}
        route.continue_(headers={**headers, "origin": "null"})

    page.route("**/confirm/**", hide)
    page.goto(link)
    page.get_by_role("button", name="I agree, count my signature").click()
    page.wait_for_url("**/signed")
    expect(page.locator(".count strong")).to_have_text(str(before + 1))
