"""On no page a word is broken that a line has room for, neither by a narrow column of a table nor by a row of links."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from playwright.sync_api import Browser, Page
from sqlalchemy import select, update

from app.data_keys.check import check_keys
from app.db import db, transaction
from app.export import handover
from app.export.rows import Choice
from app.models import Format, Organiser, Petition, Role
from tests.conftest import make_app
from tests.factories import SLUG, make_petition, make_signature
from tests.flows.conftest import overflows, served
from tests.organisers.people import signed_in
from tests.watching.organiser import BASE

pytestmark = pytest.mark.slow

TABLE = "| Bibliotheksöffnungszeiten | Abend |\n|---|---|\n| Montag | Ja |\n"
RECIPIENT = "Organisationsteam der Bürgerinnen- und Bürgerinitiative für die Testbibliothek"
TABS = ("", "/signatures", "/export", "/publishing", "/words", "/details", "/trust", "/outcome", "/members", "/log")
PUBLIC = ("", "/signatures", "/changes", "/share", "/poster", "/embed")
# Words on several lines that would have fitted into one.
BROKEN = """() => {
  const found = [];
  const room = document.querySelector("main").clientWidth - 120;
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode;
    const inside = text.parentElement;
    if (inside.closest(".visually-hidden, option, .is-stacked thead") || !inside.checkVisibility()) continue;
    for (const word of text.data.matchAll(/[\\p{L}\\p{M}\\p{N}]+/gu)) {
      const range = new Range();
      range.setStart(text, word.index);
      range.setEnd(text, word.index + word[0].length);
      const parts = [...range.getClientRects()].filter((part) => part.width > 0);
      const lines = new Set(parts.map((part) => Math.round(part.top)));
      const width = parts.reduce((sum, part) => sum + part.width, 0);
      if (lines.size > 1 && width < room) found.push(word[0]);
    }
  }
  return found;
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, str, str]]:
    """Serve a petition with a table, handed over to somebody with a long name; give its app, address and cookie."""
    folder: Path = tmp_path_factory.mktemp("words")
    app = make_app(folder, f"sqlite:///{folder}/site.db")
    with app.app_context():
        upgrade()
        check_keys()
    make_petition(app, TABLE, title='"Für die Wiedereröffnung der Testbibliothek!"', started_by='"Lesegesellschaft"')
    make_signature(app, name="Wolfgang Mustermann-Beispielhausen")
    cookie = signed_in(app, "olga@example.org", Role.OWNER, administrator=True).get_cookie("organiser")
    assert cookie
    with app.app_context():
        petition, organiser = db.session.scalars(select(Petition)).one(), db.session.scalars(select(Organiser)).one()
        handover.begin_handover(petition, organiser, Format.XLSX, Choice(for_addressee=True), RECIPIENT)
    with served(app) as port:
        yield app, f"http://localhost:{port}", cookie.value
    with app.app_context():
        db.engine.dispose()


def speak(app: Flask, language: str) -> None:
    """Have the organisers' pages in a language."""
    with app.app_context(), transaction() as session:
        session.execute(update(Organiser).values(language=language))


def check(page: Page, path: str) -> None:
    page.goto(path)
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = !one.closest('.site-languages') })")
    assert page.evaluate(BROKEN) == [], path
    assert not overflows(page), path


@pytest.mark.parametrize("width", [320, 390, 800, 1280])
@pytest.mark.parametrize("language", ["en", "de", "fi", "ar"])
def test_words_that_fit_are_whole(browser: Browser, site: tuple[Flask, str, str], language: str, width: int) -> None:
    app, base, cookie = site
    speak(app, language)
    context = browser.new_context(viewport={"width": width, "height": 844}, base_url=base)
    page = context.new_page()
    for path in (f"/{language}", *(f"/petitions/{SLUG}{part}/{language}" for part in PUBLIC)):
        check(page, path)
    check(page, f"/petitions/{SLUG}/sign?language={language}")
    context.add_cookies([{"name": "organiser", "value": cookie, "url": base}])
    for path in ("/organise", "/organise/people", "/organise/account", *(f"{BASE}{tab}" for tab in TABS)):
        check(page, path)
    context.close()
