"""Initiators are all there without scripts and on paper; an account number is copied whole, or one is told."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.flows.conftest import EXAMPLE, overflows, troubles_of
from tests.site import Site

IBAN = "GB82WEST12345698765432"
SELECT = """([from, to]) => {
  const text = document.querySelector(".iban").firstChild;
  getSelection().setBaseAndExtent(text, from, text, to);
}"""
CLIPBOARD = "navigator.clipboard.readText()"


def test_initiators_are_folded_after_a_dozen_and_all_there(page: Page) -> None:
    page.goto(f"/petitions/{EXAMPLE}")
    names = page.locator(".initiators li")
    assert names.count() == 22
    assert [one.is_visible() for one in names.all()] == [True] * 12 + [False] * 10
    page.get_by_text("Show all 22").click()
    assert all(one.is_visible() for one in names.all())
    assert not overflows(page)
    page.get_by_text("Show all 22").click()
    page.emulate_media(media="print")
    assert names.nth(21).is_visible()
    assert not page.get_by_text("Show all 22").is_visible()


@pytest.mark.parametrize("width", [320, 1280])
def test_an_account_number_is_copied_whole_or_one_is_told(browser: Browser, site: Site, width: int) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 844},
        base_url=f"http://localhost:{site.port}",
        permissions=["clipboard-read", "clipboard-write"],
    )
    page = context.new_page()
    troubles = troubles_of(page, site.port)
    page.goto(f"/petitions/{EXAMPLE}")
    status = page.locator(".iban-line [role=status]").first

    page.get_by_role("button", name="Copy the IBAN").first.click()
    expect(status).to_have_text("Copied whole: 22 characters")
    assert page.evaluate(CLIPBOARD) == IBAN

    page.evaluate(SELECT, [0, len("GB82 WEST 1234 569")])
    page.keyboard.press("Control+c")
    expect(status).to_have_text("You copied only part of the number: 15 of 22 characters")
    assert page.evaluate(CLIPBOARD) != IBAN

    page.evaluate("getSelection().empty()")
    page.locator(".iban").first.click()  # which selects it all
    page.keyboard.press("Control+c")
    expect(status).to_have_text("Copied whole: 22 characters")
    assert page.evaluate(CLIPBOARD) == IBAN
    assert not overflows(page)
    assert not troubles
    context.close()


def test_without_scripts_there_is_no_button_that_does_nothing(browser: Browser, site: Site) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=f"http://localhost:{site.port}")
    page = context.new_page()
    page.goto(f"/petitions/{EXAMPLE}")
    assert page.locator(".iban").first.is_visible()
    assert not page.locator(".copy-iban").first.is_visible()
    context.close()
