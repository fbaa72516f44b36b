"""Somebody is told "start a petition for a park and send its list to the council", and follows what the pages offer.

No address is typed but the site's: each step begins at what the page shows as the next one, or at the one thing that
was asked for. Only the signer's e-mail is opened in another program.
"""

import csv
import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.flows.conftest import overflows, troubles_of
from tests.flows.desk import PASSWORD, app_of, save
from tests.flows.visitor import fill, letter_to
from tests.organisers.people import make_organiser
from tests.site import Site

PHONE = {"width": 390, "height": 844}
TITLE = "A park instead of a car park"


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """A phone that shows the site's first page to somebody who has an account and has never made a petition."""
    context = browser.new_context(viewport=PHONE, base_url=f"http://localhost:{site.port}", accept_downloads=True)
    page = context.new_page()
    troubles = troubles_of(page, site.port)
    page.goto("/")
    yield page
    context.close()
    assert not troubles


@pytest.fixture
def email(site: Site) -> str:
    """The address of that account."""
    address = f"park{os.urandom(4).hex()}@example.org"
    make_organiser(app_of(site), address, may_open=True, password=PASSWORD)
    return address


def sign_in(page: Page, email: str) -> None:
    page.get_by_role("link", name="For organisers").click()
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def back_to_it(page: Page) -> None:
    """Go from any page to the petition among one's own."""
    to_mine = page.get_by_role("link", name="For organisers").or_(page.get_by_role("link", name="My petitions"))
    to_mine.click()
    page.get_by_role("listitem").get_by_role("link", name=TITLE, exact=True).click()


def next_step(page: Page) -> str:
    """Follow the button of the next step, where there is one, and return the sentence above it."""
    box = page.get_by_role("region", name="Next step")
    sentence = box.locator("p").first.inner_text()
    button = box.get_by_role("link")
    if button.count():
        with page.expect_navigation():
            button.click()
    assert not overflows(page)
    return sentence


def test_the_list_gets_to_the_council_without_a_word_of_help(page: Page, email: str) -> None:
    sign_in(page, email)
    page.get_by_role("link", name="New petition").click()
    page.get_by_label("Title").fill(TITLE)
    page.get_by_role("button", name="Begin").click()
    assert next_step(page) == "Next, write what people sign."
    page.get_by_label("What people sign").fill("We ask the council to make a park of the car park at Example Street.")
    save(page)
    assert next_step(page) == "Next, say who started it."
    page.get_by_label("Started by").fill("Neighbours of Example Street")
    save(page, "Who, when and how many")
    assert next_step(page) == "Next, say to whom it goes: who gets the list."
    page.get_by_label("Addressee").fill("The council of Exampletown")
    page.get_by_label("Where signers can write to").fill("park@example.org")
    page.get_by_label("Days after closing").fill("90")
    group = page.get_by_role("group", name="Who answers for the data")
    group.get_by_label("Name").fill("Neighbours of Example Street")
    group.get_by_label("Postal address").fill("1 Example Street")
    group.get_by_label("E-mail").fill("park@example.org")
    save(page)
    assert next_step(page).startswith("All is said.")
    page.get_by_role("button", name="Open the petition").click()
    expect(page.get_by_text("The petition is open.")).to_be_visible()

    assert next_step(page).startswith("It can be signed.")
    address = f"signer{os.urandom(4).hex()}@example.org"
    fill(page, address)
    page.get_by_role("button", name="Sign", exact=True).click()
    page.wait_for_url("**/check-your-email/**")
    page.goto(letter_to(page, address))
    page.get_by_role("button", name="I agree, count my signature").click()
    page.wait_for_url("**/signed*")

    back_to_it(page)
    assert next_step(page).startswith("It lives by being passed on")
    expect(page.get_by_label("The petition's address, to pass on")).to_be_visible()
    back_to_it(page)
    page.get_by_label("This petition").get_by_role("link", name="Petition", exact=True).click()
    page.get_by_role("link", name="Close the petition").click()
    page.get_by_role("button", name="Close the petition now").click()

    assert next_step(page) == "Signing has ended. Hand the list over to whom it is for."
    page.get_by_label("Who gets this list?").fill("The council of Exampletown, by hand")
    page.get_by_label("CSV: for programs").check()
    with page.expect_download() as download:
        page.get_by_role("button", name="Make the list").click()
    rows = list(csv.reader(download.value.path().read_text("utf-8-sig").splitlines()))
    assert "Ann Example" in [cell for row in rows for cell in row]

    back_to_it(page)
    assert next_step(page).startswith("Signing has ended. Once it is known")
    page.get_by_label("What became of it").fill("The council will plant the first trees in **spring**.")
    save(page)
    assert next_step(page) == "Signing has ended. Its page stays, with the count."
    expect(page.get_by_text("The council will plant the first trees in spring.")).to_be_visible()
