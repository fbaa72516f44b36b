"""Organisers with a phone: invited by command, they join with a password or a passkey, and sign in again with it."""

import re
import time
from collections.abc import Iterator

import pytest
from passlib.totp import TOTP
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.flows.conftest import EXAMPLE, overflows, troubles_of
from tests.flows.desk import PASSWORD, add_passkeys, invite, join_with_password, link_to
from tests.flows.visitor import letter_to
from tests.site import Site

HALF_A_MINUTE = 30


@pytest.fixture
def page(context: BrowserContext, site: Site) -> Iterator[Page]:
    """Give a page that fails the test if it asks another host or logs an error."""
    page = context.new_page()
    troubles = troubles_of(page, site.port)
    yield page
    assert not troubles


@pytest.fixture
def passkeys(context: BrowserContext, page: Page) -> None:
    """Let the phone have a finger print reader that always says yes."""
    add_passkeys(context, page)


def sign_in(page: Page, address: str) -> None:
    page.goto("/organise")
    page.get_by_label("E-mail").fill(address)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def code(key: str, ahead: int = 0) -> str:
    """Return the code that the app shows, on a phone whose clock may be ahead by some seconds."""
    return str(TOTP(key).generate(time.time() + ahead).token)


def test_with_a_password_and_then_codes_from_an_app(page: Page, site: Site) -> None:
    address = invite(site, "--petition", EXAMPLE, "--role", "owner")
    join_with_password(page, address)
    expect(page.get_by_role("heading", level=1)).to_have_text("My petitions")
    expect(page.locator("main")).to_contain_text("You are owner: you answer for it.")

    page.set_viewport_size({"width": 320, "height": 640})
    assert not overflows(page)
    page.get_by_role("link", name="Add one now").click()
    page.get_by_role("link", name="Turn on").click()
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_role("img", name="QR code").locator("svg")).to_be_visible()
    assert not overflows(page)
    key = page.locator("code").inner_text()
    page.get_by_label("Code of six digits").fill(code(key))
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My account")

    page.get_by_role("button", name="Sign out", exact=True).click()
    sign_in(page, address)
    expect(page.get_by_role("heading", level=1)).to_have_text("The code from your app")
    page.get_by_label("Code of six digits").fill(code(key, ahead=HALF_A_MINUTE))  # no code is taken twice
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My petitions")


def test_with_a_passkey(page: Page, site: Site, passkeys: None) -> None:
    address = invite(site, "--petition", EXAMPLE, "--role", "editor")
    page.goto(link_to(page, address, "/organise/invitation/"))
    page.get_by_role("button", name="Join with a passkey").click()
    page.get_by_label("Name of the passkey").fill("my phone")
    page.get_by_role("button", name="Add a passkey").click()
    page.wait_for_url(re.compile("/organise/account$"))
    expect(page.locator("main")).to_contain_text("my phone")

    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(re.compile("/organise$"))
    expect(page.locator("main")).to_contain_text("You are editor: you work on it.")


def test_after_a_reset_by_letter_the_passkey_is_still_asked_for(page: Page, site: Site, passkeys: None) -> None:
    address = invite(site)
    page.goto(link_to(page, address, "/organise/invitation/"))
    page.get_by_role("button", name="Join with a passkey").click()
    page.get_by_label("Name of the passkey").fill("my phone")
    page.get_by_role("button", name="Add a passkey").click()
    page.wait_for_url(re.compile("/organise/account$"))
    page.get_by_role("button", name="Sign out", exact=True).click()

    page.get_by_role("link", name="I have forgotten my password").click()
    page.get_by_label("E-mail").fill(address)
    page.locator("main form button[type=submit]").click()
    page.goto(letter_to(page, address, "organise/reset", which=2))
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_label("The same once more").fill(PASSWORD)
    page.get_by_role("button", name="Set this password").click()
    page.wait_for_url(re.compile("/organise/login"))
    sign_in(page, address)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your passkey, as the second step")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(re.compile("/organise$"))


def test_a_passkey_that_is_not_there_is_told_in_words(page: Page, passkeys: None) -> None:
    page.goto("/organise/login")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_role("alert").filter(has_text="That did not work").wait_for()
    expect(page.get_by_role("button", name="Use the passkey")).to_be_visible()


def test_without_scripts_passkeys_are_not_promised(browser: Browser, site: Site) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=f"http://localhost:{site.port}")
    page = context.new_page()
    join_with_password(page, invite(site))
    page.goto("/organise/wan-register")
    assert "Passkeys need scripts" in page.inner_text("main")
    context.close()
