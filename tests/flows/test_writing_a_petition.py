"""An organiser with a phone writes a petition, with image and translation, and opens it; with and without scripts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Route

from tests.flows.conftest import troubles_of
from tests.flows.desk import app_of, see_its_page, write_a_petition
from tests.organisers.people import make_organiser, signed_in
from tests.site import Site

PHONE = {"width": 390, "height": 844}


@pytest.fixture(params=[True, False], ids=lambda scripts: f"scripts-{scripts}")
def page(browser: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Give a phone at which an organiser is signed in; it fails the test on errors and on requests elsewhere."""
    context = browser.new_context(
        viewport=PHONE, java_script_enabled=request.param, base_url=f"http://localhost:{site.port}"
    )
    context.add_cookies(
        [{"name": "organiser", "value": session_of(app_of(site)), "url": f"http://localhost:{site.port}"}]
    )
    page = context.new_page()
    troubles = troubles_of(page, site.port)
    yield page
    context.close()
    assert not [trouble for trouble in troubles if "409" not in trouble]


def session_of(app: Flask) -> str:
    """Return the cookie of an organiser who may open petitions and has just signed in."""
    make_organiser(app, "olga@example.org", may_open=True)
    cookie = signed_in(app, "olga@example.org").get_cookie("organiser")
    assert cookie
    return cookie.value


# With scripts it is the beginning of tests/flows/test_from_invitation_to_delivery.py.
@pytest.mark.parametrize("page", [False], indirect=True)
def test_a_petition_is_written_illustrated_translated_and_opened_without_scripts(page: Page, tmp_path: Path) -> None:
    write_a_petition(page, "Keep the night bus without scripts", tmp_path, scripts=False)
    see_its_page(page, "Keep the night bus without scripts")


def test_who_leaves_words_that_are_not_saved_is_asked_first_where_scripts_run(
    page: Page, request: pytest.FixtureRequest
) -> None:
    scripts = "scripts-True" in request.node.name
    page.goto("/organise/petitions/new")
    page.get_by_label("Title").fill(f"Unsaved {'with' if scripts else 'without'} scripts")
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url("**/words")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    statement = page.get_by_label("What people sign")
    statement.press_sequentially("We ask.")
    if scripts:
        with page.expect_event("dialog"):
            page.get_by_role("link", name="Details").click(no_wait_after=True)
        assert statement.input_value() == "We ask."
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved.").wait_for()
    page.get_by_role("link", name="Details").click()
    page.get_by_label("Started by").wait_for()
    assert asked == (["beforeunload"] if scripts else [])


@pytest.mark.parametrize("page", [True], indirect=True)
def test_what_is_typed_before_the_script_has_come_is_shown_as_well(page: Page) -> None:
    held: list[Route] = []
    page.goto("/organise/petitions/new")
    page.get_by_label("Title").fill("Typed early")
    page.route("**/js/preview.js*", lambda route: held.append(route))
    page.get_by_role("button", name="Begin").click(no_wait_after=True)
    reasons = page.get_by_label("The reasons")
    reasons.fill("**Nurses** get home by it.")
    page.wait_for_timeout(500)
    held[0].continue_()
    page.locator("#preview strong", has_text="Nurses").wait_for()
