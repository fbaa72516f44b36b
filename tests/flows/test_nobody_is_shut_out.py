"""Nothing that axe-core looks for is on any page: light, dark, on a phone, on a screen, from left to right and back."""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import axe_playwright_python
import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from playwright.sync_api import Browser, Page
from sqlalchemy import update
from werkzeug.http import parse_options_header
from werkzeug.routing import Rule

from app.db import db, transaction
from app.models import Organiser
from app.web.session import is_for_organisers
from tests.conftest import make_app
from tests.factories import SLUG, make_signature
from tests.flows.conftest import overflows, served, troubles_of
from tests.organisers.people import half_signed_in, signed_in
from tests.structure.something_of_everything import something_of_everything

pytestmark = pytest.mark.slow

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
# WCAG 2.2 AA, and what axe-core holds to be good practice beyond it.
LOOK = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  const where = (node) => `${node.html} ${node.failureSummary}`;
  return violations.map((one) => `${one.id}: ${one.nodes.map(where).join("; ")}`);
}"""
OPEN = "where => document.querySelectorAll(where).forEach((one) => { one.open = true })"
# Each language is seen both ways, each colour scheme at both widths, with what is folded as it comes and unfolded. A
# page is loaded once, and changes on the spot.
LOOKS = {
    "en": (("light", 390, "folded"), ("dark", 1280, "unfolded")),
    "ar": (("dark", 390, "folded"), ("light", 1280, "unfolded")),
}
ORGANISERS_LOOK = {"en": ("light", 390, "unfolded"), "ar": ("light", 1280, "unfolded")}
READERS = ("visitor", "organiser", "half signed in")
NARROWEST = 320
NO_PAGES = {"export.download", "export.pdf", "mailbox.html_part"}  # the last shows letters as mail programs do
MUST_BE_SEEN = {
    ("organiser", "publishing.overview", "begun"),  # with the next step of a draft
    ("organiser", "publishing.preview", "begun"),  # not yet given
    ("organiser", "deleting.ask_to_delete", "begun"),
    ("organiser", "opening.ask_to_open", "begun"),
    ("organiser", "opening.ask_to_open", "ready"),
    ("organiser", "opening.ask_to_close", SLUG),
    ("organiser", "opening.ask_to_reopen", "closed"),
    ("organiser", "deleting.ask_to_take_back", "closed"),
    ("half signed in", "security.tf_select", None),
    ("half signed in", "security.two_factor_token_validation", None),
}


@dataclass(frozen=True)
class Walk:
    """Every page that the site can show, each once: who is to look at it, its view, and what its address says."""

    app: Flask
    pages: list[tuple[str, str, dict[str, str]]]
    cookies: dict[str, str]

    def paths(self, reader: str, language: str) -> list[str]:
        """Return the addresses of this reader's pages in a language; an organiser's account says its own."""
        rules = self.app.url_map
        in_path = {rule.endpoint for rule in rules.iter_rules() if "lang" in rule.arguments}
        build = rules.bind("localhost").build
        if reader == "organiser":
            return [build(view, said) for by, view, said in self.pages if by == reader]
        return [
            build(view, {**said, ("lang" if view in in_path else "language"): language})
            for by, view, said in self.pages
            if by == reader
        ]


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    """Find one address for each page, told apart by its view, its answer, and what it says that it is and asks for."""
    folder = tmp_path_factory.mktemp("every-page")
    app = make_app(folder, f"sqlite:///{folder}/site.db")
    with app.app_context():
        upgrade()
    values = something_of_everything(app, folder)
    for number in range(3):
        make_signature(app, email=f"public{number}@example.org")
    browsers = (app.test_client(), signed_in(app, administrator=True), half_signed_in(app, "half@example.org"))
    readers = dict(zip(READERS, browsers, strict=True))
    found = {name: reader.get_cookie("organiser") for name, reader in readers.items()}
    cookies = {name: cookie.value for name, cookie in found.items() if cookie}
    pages = []
    seen = set()
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint in NO_PAGES:
            continue
        # Visitors choose a language; to organisers, the one in an address is that of what they write.
        values["lang"] = ["en", "sv"] if is_for_organisers(rule.rule) else ["en"]
        for chosen in itertools.product(*(values[name] for name in sorted(rule.arguments))):
            said = dict(zip(sorted(rule.arguments), chosen, strict=True))
            path = app.url_map.bind("localhost").build(rule.endpoint, said)
            for name in able(rule):
                if name in cookies:
                    readers[name].set_cookie("organiser", cookies[name])  # as a page may have ended what it holds
                page = page_at(readers[name], path)
                # What is not found is one page, whatever was looked for.
                look = (name if page and page[0] == 404 else rule.endpoint, page)
                if page is not None and look not in seen:
                    seen.add(look)
                    pages.append((name, rule.endpoint, said))
    yield Walk(app, pages, cookies)
    with app.app_context():
        db.engine.dispose()


def able(rule: Rule) -> Sequence[str]:
    """Return who may get to see something at an address."""
    if not is_for_organisers(rule.rule) or "token" in rule.arguments:
        return READERS[:1]
    return READERS[1:2] if "slug" in rule.arguments else READERS


def page_at(reader: FlaskClient, path: str) -> tuple[int, str] | None:
    """Return what an address shows, as its status and the words that matter most; None for what is no page."""
    with reader.get(path) as answer:
        if parse_options_header(answer.headers.get("Content-Type", ""))[0] != "text/html" or answer.status_code == 302:
            return None
        words = re.findall(r"<(?:h1|legend|button)\b[^>]*>(.*?)</", answer.text, re.DOTALL)
        return answer.status_code, " | ".join(words)


def problems_of(page: Page, looks: Iterable[tuple[str, int, str]]) -> list[str]:
    """Return what axe-core finds wrong on an open page in these looks, and whether it scrolls sideways."""
    found = []
    for scheme, width, folds in looks:
        if folds == "unfolded":
            page.evaluate(OPEN, "main details")
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for size in (NARROWEST, width):
            page.set_viewport_size({"width": size, "height": 844})
            if overflows(page):
                found.append(f"{scheme} {size} {folds}: scrolls sideways")
        found += [f"{scheme} {width} {folds}: {wrong}" for wrong in page.evaluate(LOOK)]
    return found


def problems_of_refused_forms(page: Page, paths: list[str], looks: Iterable[tuple[str, int, str]]) -> list[str]:
    """Return what is wrong on the pages that say what was filled in wrong."""
    found = []
    for part in ("/sign/", "/my-signature/", "/check-your-email/"):
        path = next(one for one in paths if f"{SLUG}{part}" in f"{one.partition('?')[0]}/")
        page.goto(path)
        page.locator("main form [type=submit]").first.click()
        page.locator(".error-summary:focus").wait_for()
        found += [f"{path}, refused: {one}" for one in problems_of(page, looks)]
    return found


@contextmanager
def opened(browser: Browser, port: int, language: str) -> Iterator[Page]:
    """Give a page in a browser of this language, which has axe-core at hand."""
    # Colours that are still changing when axe-core measures them would be nobody's.
    base = f"http://localhost:{port}"
    with browser.new_context(base_url=base, locale=language, reduced_motion="reduce") as context:
        context.add_init_script(AXE)
        yield context.new_page()


@pytest.mark.parametrize("language", LOOKS)
def test_every_page_and_refused_form_is_accessible_keeps_its_policy_and_asks_no_other_host(
    browser: Browser, walk: Walk, language: str
) -> None:
    found: list[str] = []
    assert {(reader, view, said.get("slug")) for reader, view, said in walk.pages} >= MUST_BE_SEEN
    with walk.app.app_context(), transaction() as session:
        session.execute(update(Organiser).values(language=language))
    with served(walk.app) as port:
        for reader in READERS:
            looks = LOOKS[language] if reader == "visitor" else [ORGANISERS_LOOK[language]]
            with opened(browser, port, language) as page:
                troubles = troubles_of(page, port)
                for path in walk.paths(reader, language):
                    if reader in walk.cookies:
                        url = f"http://localhost:{port}"
                        page.context.add_cookies([{"name": "organiser", "value": walk.cookies[reader], "url": url}])
                    page.goto(path)
                    wrong = problems_of(page, looks)
                    wrong += [one for one in troubles if not re.search("status of 4..", one)]
                    troubles.clear()
                    found += [f"{path}: {one}" for one in wrong]
                if reader == "visitor":
                    found += problems_of_refused_forms(page, walk.paths(reader, language), looks)
                    page.goto("/")
                    page.evaluate(OPEN, "header details")
                    found += [f"the languages: {one}" for one in page.evaluate(LOOK)]
    assert not found, "\n".join(found)
