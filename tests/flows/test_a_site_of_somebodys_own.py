"""A start page in its operator's look fits a phone, whatever petitions are called, and finds them without scripts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask_migrate import upgrade
from playwright.sync_api import Browser, expect

from app.db import db
from tests.conftest import make_app
from tests.factories import make_petition
from tests.flows.conftest import overflows, served, troubles_of

LONG = "Donaudampfschifffahrt" * 9
LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="72" height="36"><rect width="72" height="36" fill="#7a1f5c"/></svg>'
)


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """Serve a site with a colour, a logo and an imprint, and two petitions."""
    (tmp_path / "logo.svg").write_text(LOGO)
    (tmp_path / "imprint.md").write_text("Ann Example")
    own = {"SITE_NAME": "Petitionsfürdieganzegegendunddarüberhinausundnochweiter", "SITE_COLOUR": "#7a1f5c"}
    app = make_app(tmp_path, f"sqlite:///{tmp_path}/site.db", SITE_DIR=tmp_path, **own)
    with app.app_context():
        upgrade()
    make_petition(app, slug='"long"', title=f'"{LONG}"', started_by=f'"{LONG}"')
    make_petition(app, slug='"other"', title='"Åse"')
    with served(app) as port:
        yield port
    with app.app_context():
        db.engine.dispose()


def test_the_start_page_of_an_operators_own(browser: Browser, port: int) -> None:
    context = browser.new_context(
        viewport={"width": 320, "height": 640}, base_url=f"http://localhost:{port}", java_script_enabled=False
    )
    page = context.new_page()
    troubles = troubles_of(page, port)
    page.goto("/")
    assert not overflows(page)
    assert page.locator(".site-logo").evaluate("logo => logo.naturalWidth") == 72
    expect(page.get_by_role("button", name="Search")).to_have_css("color", "rgb(122, 31, 92)")
    page.get_by_label("Search the petitions").fill("ase")
    page.get_by_label("Search the petitions").press("Enter")
    expect(page.locator(".card h2")).to_have_text(["Åse"])
    page.get_by_role("link", name="Imprint").click()
    expect(page.locator("main")).to_contain_text("Ann Example")
    assert not overflows(page)
    assert not troubles
    context.close()
