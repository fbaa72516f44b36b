"""Whatever people write, no page of an organiser scrolls sideways, nor is a table cut off, on a phone or a tablet."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from playwright.sync_api import Browser, Page
from sqlalchemy import select

from app.data_keys.check import check_keys
from app.db import db
from app.export import handover
from app.export.rows import Choice
from app.models import Format, Organiser, Petition, Role
from tests.conftest import make_app
from tests.factories import make_petition, make_signature
from tests.flows.conftest import overflows, served
from tests.organisers.people import signed_in
from tests.watching.organiser import BASE

pytestmark = pytest.mark.slow

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
ADDRESS = f"{'olga' * 15}@{'very-long-name' * 4}.example.org"
TABS = ("signatures", "export", "publishing", "words", "details", "trust", "outcome", "image", "members", "log")
COLUMNS = ["When", "To whom", "As what", "Rows", "By whom"]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Serve a petition of long words, handed over twice; give its address and the cookie of its owner."""
    app = make_app(tmp_path, f"sqlite:///{tmp_path}/site.db")
    with app.app_context():
        upgrade()
        check_keys()
    make_petition(app, title=f'"{LONG}"', started_by=f'"{LONG}"')
    make_signature(app, name=LONG)
    cookie = signed_in(app, ADDRESS, Role.OWNER, administrator=True).get_cookie("organiser")
    assert cookie
    hand_over(app, "The Ministry of Internal Affairs", for_addressee=True)
    hand_over(app, LONG, with_email=True)
    with served(app) as port:
        yield f"http://localhost:{port}", cookie.value
    with app.app_context():
        db.engine.dispose()


def hand_over(app: Flask, recipient: str, *, for_addressee: bool = False, with_email: bool = False) -> None:
    choice = Choice(for_addressee=for_addressee, with_email=with_email)
    with app.app_context():
        petition, organiser = db.session.scalars(select(Petition)).one(), db.session.scalars(select(Organiser)).one()
        handover.begin_handover(petition, organiser, Format.XLSX, choice, recipient)


def cut_off(page: Page) -> list[str]:
    """Return the tables that are wider than the page."""
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")
    wide = "tables => tables.filter(one => one.getBoundingClientRect().right > innerWidth).map(one => one.innerText)"
    found: list[str] = page.locator("table").evaluate_all(wide)
    return found


@pytest.mark.parametrize("width", [320, 390, 800])
def test_no_page_scrolls_sideways_and_no_table_is_cut_off(browser: Browser, site: tuple[str, str], width: int) -> None:
    base, cookie = site
    context = browser.new_context(viewport={"width": width, "height": 844}, base_url=base)
    context.add_cookies([{"name": "organiser", "value": cookie, "url": base}])
    page = context.new_page()
    for path in ("/organise", "/organise/people", BASE, *(f"{BASE}/{tab}" for tab in TABS)):
        page.goto(path)
        assert page.locator("h1").count() == 1, path
        assert not overflows(page), path
        assert not cut_off(page), path
    page.goto(f"{BASE}/export")
    table = page.get_by_role("table", name="Handed over before")
    assert table.get_by_role("row").filter(has_text=LONG).get_by_role("cell").count() == len(COLUMNS)
    assert [one.inner_text() for one in table.get_by_role("columnheader").all()] == COLUMNS
    context.close()
