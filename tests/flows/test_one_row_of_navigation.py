"""On a phone each navigation of an organiser's page is one row, which is scrolled to the page that is shown."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from sqlalchemy import update

from app.db import transaction
from app.models import Organiser, Role
from tests.factories import make_petition
from tests.flows.conftest import overflows, served
from tests.organisers.people import signed_in
from tests.watching.organiser import BASE

LANGUAGES = ("sv", "de", "fr", "ru", "hu", "ar")
ROWS = """navs => navs.map(nav => [
    nav.className,
    [...nav.querySelectorAll("a, button")].map(one => Math.round(one.getBoundingClientRect().bottom)),
    nav.scrollWidth > nav.clientWidth,
])"""

# What is cut off says so: the edge goes through a word, not between two.
SAYS_THAT_THERE_IS_MORE = """nav => {
    const edges = one => [one.getBoundingClientRect().left, one.getBoundingClientRect().right]
    const [left, right] = edges(nav)
    const is_cut = one => edges(one)[0] < right - 8 && edges(one)[1] > right || edges(one)[0] < left - 8
    return nav.scrollWidth <= nav.clientWidth || [...nav.querySelectorAll("a, button")].some(is_cut)
}"""


@pytest.fixture
def phone(browser: Browser, app: Flask) -> Iterator[Page]:
    """The phone of an owner and administrator whose petition is in seven languages."""
    tables = "".join(
        f'[[translations]]\nlanguage = "{tag}"\ntitle = "Words"\nstatement = "Words."\n' for tag in LANGUAGES
    )
    make_petition(app, tables=tables)
    cookie = signed_in(app, role=Role.OWNER, administrator=True).get_cookie("organiser")
    assert cookie
    with served(app) as port:
        base = f"http://localhost:{port}"
        context = browser.new_context(viewport={"width": 390, "height": 844}, base_url=base, java_script_enabled=False)
        context.add_cookies([{"name": "organiser", "value": cookie.value, "url": base}])
        yield context.new_page()
        context.close()


@pytest.mark.parametrize("language", ["en", "de", "fi", "ar"])
def test_what_leads_on_stands_in_one_row(app: Flask, phone: Page, language: str) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(Organiser).values(language=language))
    scrolled = set()
    phone.goto("/organise")
    assert phone.locator(".organiser-nav").evaluate(SAYS_THAT_THERE_IS_MORE)
    for path in ("/organise", BASE, f"{BASE}/log", f"{BASE}/image", f"{BASE}/words/ar"):
        phone.goto(path)
        assert not overflows(phone), path
        navs = phone.locator(".organiser-nav, .tabs, .parts, .languages")
        for name, bottoms, is_scrolled in navs.evaluate_all(ROWS):
            assert len(bottoms) > 2
            assert max(bottoms) - min(bottoms) < 3, f"{name} on {path}"
            scrolled |= {name} if is_scrolled else set()
        for shown in phone.locator("nav [aria-current=page]").all():
            box = shown.bounding_box()
            assert box and box["x"] >= -1 and box["x"] + box["width"] <= 391, path
    assert scrolled >= {"tabs", "parts", "languages"}
