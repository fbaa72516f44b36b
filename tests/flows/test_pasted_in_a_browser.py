"""A table that is wider than a phone is moved by itself, with keys too; the page stays as wide as the phone."""

from pathlib import Path

import pytest
from flask_migrate import upgrade
from playwright.sync_api import Browser

from app.data_keys.check import check_keys
from app.db import db
from tests.conftest import make_app
from tests.factories import SLUG, make_petition
from tests.flows.conftest import overflows, served
from tests.flows.test_nobody_is_shut_out import AXE, LOOK

pytestmark = pytest.mark.slow

BODY = (
    "The council's own figures, from https://council.example.org/minutes/2026/november/the-night-bus/appendix-12.html:\n\n"
    "| Stop | Passengers by day | Passengers at night | Departures by day | Departures at night | Remarks |\n"
    "|:-----|----:|----:|:----:|:----:|----|\n"
    "| Harbour | 12,345 | 678 | every ten minutes | every half hour | Donaudampfschifffahrtsgesellschaft |\n\n"
    "Station\t1,200\nMarket\t90\n\n"
    "Example Committee\n1 Example Street\n"
)


def test_a_wide_table_fits_a_phone(browser: Browser, tmp_path: Path) -> None:
    app = make_app(tmp_path, f"sqlite:///{tmp_path}/site.db")
    with app.app_context():
        upgrade()
        check_keys()
    make_petition(app, body=BODY)
    with served(app) as port:
        page = browser.new_page(viewport={"width": 320, "height": 800}, base_url=f"http://localhost:{port}")
        page.goto(f"/petitions/{SLUG}")
        assert not overflows(page)
        wide, narrow = page.locator(".prose .is-wide").all()
        assert wide.evaluate("one => one.scrollWidth > one.clientWidth")
        assert not narrow.evaluate("one => one.scrollWidth > one.clientWidth")
        wide.focus()
        page.keyboard.press("ArrowRight")
        wide.evaluate("async (one) => { while (!one.scrollLeft) await new Promise(requestAnimationFrame); }")
        page.evaluate(AXE)
        assert page.evaluate(LOOK) == []
        page.close()
    with app.app_context():
        db.engine.dispose()
