"""From the form to the button, and from the link in the e-mail to the button, in a phone's pixels, in all languages."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from playwright.sync_api import Browser, Page
from sqlalchemy import update

from app.crypto.tokens import Purpose, make_token
from app.data_keys.check import check_keys
from app.db import db, transaction
from app.models import Draft
from app.web.language import INTERFACE_LANGUAGES
from tests.conftest import make_app
from tests.factories import make_draft, make_petition
from tests.flows.conftest import overflows
from tests.site import wait_until

pytestmark = pytest.mark.slow

PHONE, SCREEN = (390, 844), (1280, 860)
STATEMENTS = {
    "en": "We ask the town to keep the test library open on every day of the week, as it is the only place where"
    " all children of the town can read without paying for it.",
    "fi": "Pyydämme kaupunkia pitämään testikirjaston auki viikon jokaisena päivänä, sillä se on ainoa paikka, jossa"
    " kaupungin lapset voivat lukea maksutta kirjoja.",
    "ar": "نطلب من المدينة أن تبقي مكتبة الاختبار مفتوحة في كل يوم من أيام الأسبوع لأنها المكان الوحيد الذي يستطيع فيه"
    " جميع أطفال المدينة القراءة دون أن يدفعوا.",
}
LONG_NAMES = ("Maria de los Angeles " * 5)[:99] + "a", "Wolfeschlegelsteinhausen" * 4 + "dorf"
LINES = """all => all.map((one) => {
  const words = document.createRange();
  words.selectNodeContents(one);
  return new Set([...words.getClientRects()].map((rect) => rect.top)).size;
})"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """A site with a petition of 150 characters in each of three languages."""
    folder: Path = tmp_path_factory.mktemp("short")
    app = make_app(folder, f"sqlite:///{folder}/site.db")
    with app.app_context():
        upgrade()
        check_keys()
    for language, statement in STATEMENTS.items():
        assert 145 <= len(statement) <= 165
        told = {"language": f'"{language}"', "statement": f'"{statement}"'}
        make_petition(app, slug=f'"in-{language}"', **told)
        make_petition(app, "Books are good.\n\n" * 100, slug=f'"long-{language}"', **told)
    yield app
    with app.app_context():
        db.engine.dispose()


def confirm_link(app: Flask, slug: str, language: str, name: str = "Ann Example") -> str:
    """Return the link in the e-mail to somebody who has signed in this language."""
    draft = make_draft(app, slug, email=f"ann-{language}@example.org", name=name, expires_at=None)
    with app.app_context(), transaction() as session:
        session.execute(update(Draft).where(Draft.public_id == draft).values(language=language))
    with app.test_request_context():
        return f"/confirm/{make_token(Purpose.CONFIRM, draft)}"


def opened(browser: Browser, base: str, path: str, size: tuple[int, int], *, scripts: bool = False) -> Page:
    viewport = {"width": size[0], "height": size[1]}
    page = browser.new_page(viewport=viewport, java_script_enabled=scripts)  # type: ignore[arg-type]
    page.goto(base + path)
    return page


def bottom(page: Page, selector: str) -> float:
    box = page.locator(selector).first.bounding_box()
    assert box
    return box["y"] + box["height"]


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("size", [PHONE, SCREEN], ids=["phone", "screen"])
@pytest.mark.parametrize("language", STATEMENTS)
def test_the_button_that_counts_is_in_the_first_view(
    browser: Browser, app: Flask, base: str, language: str, size: tuple[int, int], scripts: bool
) -> None:
    page = opened(browser, base, confirm_link(app, f"in-{language}", language), size, scripts=scripts)
    assert bottom(page, "form > p > button") <= PHONE[1]
    assert not overflows(page)
    page.close()


@pytest.mark.parametrize("name", LONG_NAMES, ids=["words", "one word"])
@pytest.mark.parametrize("language", STATEMENTS)
def test_so_it_is_for_who_has_a_name_of_a_hundred_letters(
    browser: Browser, app: Flask, base: str, language: str, name: str
) -> None:
    assert len(name) == 100
    page = opened(browser, base, confirm_link(app, f"in-{language}", language, name), PHONE)
    assert page.get_by_text(name, exact=True).is_visible()
    assert bottom(page, "form > p > button") <= PHONE[1]
    assert not overflows(page)
    assert page.locator(".said bdi").first.evaluate(
        "name => name.getBoundingClientRect().right <= name.closest('.said').getBoundingClientRect().right"
    )
    page.close()


def test_so_it_is_in_every_language(browser: Browser, app: Flask, base: str) -> None:
    where = {}
    for language in INTERFACE_LANGUAGES:
        page = opened(browser, base, confirm_link(app, "in-en", language), PHONE)
        where[language] = bottom(page, "form > p > button")
        page.close()
    assert {language: at for language, at in where.items() if at > PHONE[1]} == {}


@pytest.mark.parametrize("language", STATEMENTS)
def test_before_the_button_stands_what_must_be_known_and_behind_it_what_can_be_changed(
    browser: Browser, app: Flask, base: str, language: str
) -> None:
    page = opened(browser, base, confirm_link(app, f"in-{language}", language), PHONE)
    for words in (STATEMENTS[language], "Ann Example", "Reader", "Test Library Club", "The Town Council of Testville"):
        shown = page.get_by_text(words).first
        assert shown.is_visible()
        box = shown.bounding_box()
        assert box and box["y"] < PHONE[1]
    name = page.locator("#name")
    assert not name.is_visible()
    page.locator(".change summary").click()
    assert name.is_visible()
    page.close()


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("size", [PHONE, SCREEN], ids=["phone", "screen"])
@pytest.mark.parametrize("language", STATEMENTS)
def test_the_form_is_no_longer_than_eleven_hundred_pixels(
    browser: Browser, base: str, language: str, size: tuple[int, int], scripts: bool
) -> None:
    page = opened(browser, base, f"/petitions/in-{language}", size, scripts=scripts)
    form = page.locator("#sign form").bounding_box()
    assert form
    assert bottom(page, "#sign form button[type=submit]") - form["y"] <= 1100
    lines = page.locator("#visibility label").evaluate_all(LINES)
    assert lines == [1, 1, 1], "each choice of who may see the name is one line"
    assert not overflows(page)
    page.close()


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("language", STATEMENTS)
def test_on_a_screen_the_form_stays_in_view(browser: Browser, base: str, language: str, scripts: bool) -> None:
    page = opened(browser, base, f"/petitions/long-{language}", SCREEN, scripts=scripts)
    page.mouse.wheel(0, 1500)
    wait_until(lambda: page.evaluate("scrollY") > 1000)
    box = page.locator("#sign form button[type=submit]").bounding_box()
    assert box and box["y"] >= 0 and box["y"] + box["height"] <= SCREEN[1]
    page.set_viewport_size({"width": 1280, "height": 1400})
    box = page.locator("#sign").bounding_box()
    assert box and 0 <= box["y"] < 100 and box["y"] + box["height"] <= 1400
    page.close()
