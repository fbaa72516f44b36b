"""Long titles, names without a space, scripts of both ways, a book of a text: nothing overlaps or scrolls sideways."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from playwright.sync_api import Browser, Page

from app.db import db
from tests.conftest import make_app
from tests.factories import make_petition, make_signature
from tests.flows.conftest import overflows, served

pytestmark = pytest.mark.slow

FLAG = "\N{REGIONAL INDICATOR SYMBOL LETTER U}\N{REGIONAL INDICATOR SYMBOL LETTER A}"
LONG_TITLE = ("Set the people free who were imprisoned for their words " * 4)[:198] + FLAG
NO_SPACE = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" + "x" * 20
BOTH_WAYS = "Ann \N{RIGHT-TO-LEFT OVERRIDE}علي‎ Пример 李"
NAMES = [NO_SPACE, "علي محمد", f"Олена {FLAG}", BOTH_WAYS, "Ann Example"]
BOOK = "\n\n".join(["word " * 200] * 49 + [NO_SPACE * 3, f"`{NO_SPACE}`", "    " + NO_SPACE * 2, f"# {NO_SPACE}"])
INITIATORS = "".join(
    f'[[initiators]]\nname = "{name}"\naffiliation = "{NO_SPACE}"\n'
    for name in ([NO_SPACE, "علي محمد", FLAG] * 15)[:43]
)
DONATION = (
    f'[[donations]]\nrecipient = "{NO_SPACE}"\niban = "GB82WEST12345698765432"\ncurrency = "EUR"\nnote = "{NO_SPACE}"\n'
)
LINK = f'[[links]]\ntitle = "{NO_SPACE}"\nsource = "{NO_SPACE}"\nurl = "https://example.org/{NO_SPACE}"\n'
ELSEWHERE = f'[elsewhere]\ncount = 1234567\nsource = "{NO_SPACE}"\n'

# Two boxes of words that cover each other, but for those that lie inside one another or stick to the window's edge.
OVERLAPS = """() => {
  const words = "h1, h2, h3, p, li, dd, dt, label, input, select, textarea, button, a.button";
  const seen = [...document.querySelectorAll(`main :is(${words})`)]
    .filter((one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
    .filter((one) => !one.closest(".sign-bar, .visually-hidden, .for-no-one"))
    .map((one) => [one, one.getBoundingClientRect()])
    .filter(([one, box]) => box.width > 1 && box.height > 1);
  const found = [];
  seen.forEach(([one, a], at) => seen.slice(at + 1).forEach(([other, b]) => {
    if (one.contains(other) || other.contains(one)) return;
    const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (across > 2 && down > 2) found.push(`${one.outerHTML.slice(0, 80)} / ${other.outerHTML.slice(0, 80)}`);
  }));
  return found;
}"""


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Give a site with a petition that has too much of everything, and one that has nothing but what is needed."""
    folder: Path = tmp_path_factory.mktemp("odd")
    app = make_app(folder, f"sqlite:///{folder}/site.db")
    with app.app_context():
        upgrade()
    tables = INITIATORS + DONATION + LINK + ELSEWHERE
    make_petition(app, BOOK, tables, slug='"much"', title=f'"{LONG_TITLE}"', started_by=f'"{NO_SPACE}"')
    for at, name in enumerate(NAMES):
        make_signature(app, "much", name=name, email=f"signer{at}@example.org")
    make_petition(app, "", slug='"bare"', title='"Peace"')
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize(("width", "language"), [(320, "en"), (320, "ar"), (390, "de"), (1280, "en"), (1280, "ar")])
def test_nothing_overlaps_or_scrolls_sideways(browser: Browser, odd: Flask, width: int, language: str) -> None:
    with served(odd) as port:
        context = browser.new_context(viewport={"width": width, "height": 844}, base_url=f"http://localhost:{port}")
        page = context.new_page()
        for slug in ("much", "bare"):
            for part in ("", "/signatures", "/share", "/changes", "/embed", "/poster"):
                page.goto(f"/petitions/{slug}{part}/{language}")
                check(page)
            for part in ("sign", "signed", "my-signature"):
                page.goto(f"/petitions/{slug}/{part}?language={language}")
                check(page)
        page.goto(f"/{language}?q=e")
        check(page)
        context.close()


def check(page: Page) -> None:
    page.locator("details").evaluate_all("all => all.slice(1).forEach((one) => { one.open = true })")
    assert not overflows(page), page.url
    overlaps = page.evaluate(OVERLAPS)
    assert not overlaps, (page.url, overlaps[:5])


def test_a_title_of_200_characters_is_taken(odd: Flask) -> None:
    assert len(LONG_TITLE) == 200
    assert LONG_TITLE in odd.test_client().get("/petitions/much").text


@pytest.mark.parametrize(("language", "side"), [("en", "left"), ("ar", "right")])
def test_a_comment_stands_below_its_name_whichever_way_it_is_read(
    browser: Browser, odd: Flask, language: str, side: str
) -> None:
    with served(odd) as port:
        page = browser.new_page(base_url=f"http://localhost:{port}")
        page.goto(f"/petitions/much/{language}")
        comment = page.locator(".comment p").first
        assert comment.inner_text() == "I read."
        assert side in comment.evaluate("one => getComputedStyle(one).textAlign")
        page.close()
