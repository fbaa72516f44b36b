"""On a phone no e-mail scrolls sideways, whatever news shows, and none asks anything of anybody to be shown."""

from pathlib import Path

import pytest
from flask_migrate import upgrade
from playwright.sync_api import Browser

from tests.apps import lent, make_app
from tests.email.every_email import every_email
from tests.flows.conftest import overflows

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("language", ["de", "ar"])
def test_every_email_fits(browser: Browser, tmp_path: Path, language: str) -> None:
    asked_for: list[str] = []
    page = browser.new_page(viewport={"width": 320, "height": 640})
    page.on("request", lambda request: asked_for.append(request.url))
    too_wide = []
    with lent(make_app(tmp_path, f"sqlite:///{tmp_path}/site.db")) as app:
        with app.app_context():
            upgrade()
        for name, letter in every_email(app, language):
            page.set_content(letter.html)
            if overflows(page):
                too_wide.append(name)
    page.close()
    assert too_wide == []
    assert asked_for == []
