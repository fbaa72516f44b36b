"""Long comments are folded and can be read by keys; beside them, on a screen, stand the count and where to sign."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from playwright.sync_api import Browser, Locator, Page
from sqlalchemy import select

from app import clock
from app.db import db, transaction
from app.models import Petition
from tests.conftest import make_app
from tests.factories import SLUG, change_signers, make_petition, make_signature

pytestmark = pytest.mark.slow

COMMENT = "I learned to read in this library, and so did my children. " * 10
LINK = '[[links]]\ntitle = "A paper about it"\nsource = "The Gazette"\nurl = "https://example.org/library"\n'


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Make an open, a discreet and a closed petition, and thirty signers of each who say why."""
    folder: Path = tmp_path_factory.mktemp("beside")
    app = make_app(folder, f"sqlite:///{folder}/site.db")
    with app.app_context():
        upgrade()
    text = "Books are good.\n\n" * 100
    make_petition(app, text, LINK)
    make_petition(app, text, slug='"discreet"', discreet="true")
    make_petition(app, text, LINK, slug='"closed"')
    for slug in (SLUG, "discreet", "closed"):
        for at in range(30):
            make_signature(app, slug, email=f"signer{at}@example.org")
    change_signers(app, comment=COMMENT)
    make_signature(app, email="brief@example.org", name="Bea Brief")
    with app.app_context(), transaction() as session:
        closed = session.scalars(select(Petition).where(Petition.slug == "closed")).one()
        closed.closes_at = clock.now() - timedelta(minutes=1)
    yield app
    with app.app_context():
        db.engine.dispose()


def opened(browser: Browser, base: str, path: str, width: int) -> Page:
    page = browser.new_page(viewport={"width": width, "height": 860}, java_script_enabled=False, base_url=base)
    page.goto(path)
    return page


def height(one: Locator) -> float:
    box = one.bounding_box()
    assert box
    return box["height"]


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("path", [f"/petitions/{SLUG}", f"/petitions/{SLUG}/signatures/ar"])
def test_a_long_comment_takes_three_lines_until_it_is_asked_for(
    browser: Browser, base: str, path: str, width: int
) -> None:
    page = opened(browser, base, path, width)
    brief, long = page.locator(".comment").nth(0), page.locator(".comment").nth(1)
    line = float(brief.locator("p").evaluate("one => parseFloat(getComputedStyle(one).lineHeight)"))
    assert brief.inner_text().strip() == "I read."
    assert COMMENT.strip() in str(long.text_content()), "whoever has it read out hears all of it"
    assert line * 2 < height(long) < line * 3.5
    assert page.locator(".unfold").count() < page.locator(".comment").count(), "a brief one has nothing to open"
    page.locator(".unfold summary").first.focus()
    page.keyboard.press("Enter")
    assert height(long) > line * 5
    assert height(page.locator(".comment").nth(2)) < line * 3.5
    page.emulate_media(media="print")
    assert height(page.locator(".comment").nth(2)) > line * 4
    assert not page.locator(".unfold").first.is_visible()
    page.close()


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("part", ["signatures", "changes"])
def test_on_a_screen_the_count_and_the_way_to_sign_stay_beside_the_text(
    browser: Browser, base: str, part: str, language: str
) -> None:
    page = opened(browser, base, f"/petitions/{SLUG}/{part}/{language}", 1280)
    page.evaluate("scrollTo(0, 1000)")
    beside, text = page.locator(".beside"), page.locator(".narrow")
    box, words = beside.bounding_box(), text.bounding_box()
    assert box and words
    assert box["y"] >= 0 and box["y"] + box["height"] <= 860
    assert box["x"] >= words["x"] + words["width"] if language == "en" else box["x"] + box["width"] <= words["x"]
    assert "31" in beside.locator(".count").inner_text()
    assert beside.locator(".share-ways a").count() > 3
    assert beside.get_by_role("link", name="A paper about it").is_visible()
    beside.locator("a.button").click()
    page.wait_for_url(f"**/petitions/{SLUG}{'' if language == 'en' else '/ar'}#sign")
    page.close()


def test_on_a_phone_it_comes_below(browser: Browser, base: str) -> None:
    page = opened(browser, base, f"/petitions/{SLUG}/signatures", 390)
    box, words = page.locator(".beside").bounding_box(), page.locator(".narrow").bounding_box()
    assert box and words and box["y"] >= words["y"] + words["height"]
    assert page.locator(".narrow > .count").is_visible()
    page.close()


def test_a_discreet_petition_is_not_passed_on(browser: Browser, base: str) -> None:
    page = opened(browser, base, "/petitions/discreet/signatures", 1280)
    assert page.locator(".beside a.button").is_visible()
    assert page.locator(".share-ways").count() == 0
    page.close()


def test_beside_a_closed_petition_stand_its_count_and_where_to_read_on(browser: Browser, base: str) -> None:
    page = opened(browser, base, "/petitions/closed", 1280)
    beside = page.locator("#sign")
    top = beside.bounding_box()
    assert top and top["y"] < 120
    page.evaluate("scrollTo(0, 1500)")
    box = beside.bounding_box()
    assert box and 0 <= box["y"] < 100 and box["y"] + box["height"] <= 860
    assert "30" in beside.locator(".count").inner_text()
    assert beside.get_by_role("link", name="A paper about it").is_visible()
    assert page.get_by_role("link", name="A paper about it").count() == 1
    assert page.locator(".share-ways").count() == 0
    page.close()
