"""A petition under attack: a browser with scripts works for a moment and gets its letter at once, others wait."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import select

from app import clock
from app.db import db
from app.models import OutboxProgress, OutboxRow
from app.outbox import slow_lane
from app.signing import proof_of_work
from app.worker import work_once
from tests.factories import SLUG, make_petition
from tests.flows.conftest import overflows, served, troubles_of
from tests.mail_server import MailServer
from tests.outbox.test_slow_lane import MOST, fill


@pytest.fixture
def app(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The site with a petition whose slow lane is full."""
    monkeypatch.setattr(slow_lane, "SLOT", timedelta(microseconds=1))  # what it is full of shows at once
    make_petition(app)
    fill(app, MOST, progress=OutboxProgress.SENT, turn_at=clock.now(), ended_at=clock.now())
    return app


@pytest.fixture
def page_with(browser: Browser, app: Flask) -> Iterator[Callable[[bool], Page]]:
    """Open a phone's browser with scripts or without; the test fails on any error or breach of the content policy."""
    with served(app) as port:
        contexts = []
        troubles: list[str] = []

        def open_page(scripts: bool) -> Page:
            size = {"width": 390, "height": 844}
            base = f"http://localhost:{port}"
            context = browser.new_context(viewport=size, java_script_enabled=scripts, base_url=base)  # type: ignore[arg-type]
            contexts.append(context)
            context.set_default_timeout(10_000)
            page = context.new_page()
            troubles.extend(troubles_of(page, port))
            return page

        yield open_page
        for context in contexts:
            assert not context.cookies()
            context.close()
        assert troubles == []


def sign_in_browser(page: Page, address: str, slug: str = SLUG) -> None:
    page.goto(f"/petitions/{slug}")
    page.get_by_label("Your name").fill("Ann Example")
    page.get_by_label("Country").select_option("SE")
    page.get_by_label("E-mail").fill(address)
    page.get_by_role("button", name="Sign").click()
    page.wait_for_url("**/check-your-email/**")
    expect(page.locator("main")).to_contain_text(address)


def letters_to(app: Flask, mail_server: MailServer, address: str) -> int:
    with app.app_context():
        work_once()
    return [letter["To"] for letter in mail_server.letters].count(address)


def test_who_has_scripts_proves_it_and_gets_the_letter_at_once(
    app: Flask, page_with: Callable[[bool], Page], mail_server: MailServer
) -> None:
    page = page_with(True)
    sign_in_browser(page, "scripts@example.org")
    assert letters_to(app, mail_server, "scripts@example.org") == 1
    page.go_back()
    assert page.get_by_role("button", name="Sign").is_enabled()
    assert not overflows(page)
    sign_in_browser(page, "again@example.org")
    assert letters_to(app, mail_server, "again@example.org") == 1


def test_who_has_no_scripts_is_taken_alike_and_waits(
    app: Flask, page_with: Callable[[bool], Page], mail_server: MailServer
) -> None:
    page = page_with(False)
    page.goto(f"/petitions/{SLUG}")
    assert not page.locator("[name=topic]").is_visible()
    sign_in_browser(page, "plain@example.org")
    assert letters_to(app, mail_server, "plain@example.org") == 0
    assert proven(app) == [False] * (MOST + 1)


def test_where_no_proof_is_wanted_none_is_worked_out(
    app: Flask, page_with: Callable[[bool], Page], mail_server: MailServer
) -> None:
    quiet = make_petition(app, slug='"quiet"')
    page = page_with(True)
    sign_in_browser(page, "quiet@example.org", quiet)
    assert letters_to(app, mail_server, "quiet@example.org") == 1
    assert proven(app)[-1] is False


@pytest.mark.parametrize("trouble", ["no answer", "nonsense", "cannot be solved", "no sums"])
def test_whatever_goes_wrong_in_the_script_the_form_is_sent(
    app: Flask, page_with: Callable[[bool], Page], trouble: str
) -> None:
    page = page_with(True)

    def answer(route: Route) -> None:
        if trouble == "nonsense":
            route.fulfill(body="<p>Please log in to this network</p>")
        elif trouble == "cannot be solved":
            asked = route.fetch().json()
            route.fulfill(json=asked | {"wanted": True, "challenge": "00" * 32, "maxnumber": 999})
        else:
            route.continue_()

    if trouble == "no answer":
        page.route("**/challenge.json", lambda route: route.fulfill(status=503, body=""))
        page.add_init_script("console.error = () => {}")
    else:
        page.route("**/challenge.json", answer)
    if trouble == "no sums":
        page.add_init_script("Object.defineProperty(crypto, 'subtle', { value: undefined })")
    sign_in_browser(page, "trouble@example.org")
    assert proven(app)[-1] is False


def test_the_button_rests_while_the_browser_works_and_says_so(
    app: Flask, page_with: Callable[[bool], Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof_of_work, "MAX_NUMBER", 5_000_000)
    page = page_with(True)
    page.goto(f"/petitions/{SLUG}")
    page.get_by_label("Your name").fill("Ann Example")
    page.get_by_label("E-mail").fill("slow@example.org")
    page.get_by_role("button", name="Sign").click()
    page.get_by_text("One moment").wait_for()
    assert page.get_by_role("button", name="Sign").is_disabled()


def proven(app: Flask) -> list[bool]:
    with app.app_context():
        return list(db.session.scalars(select(OutboxRow.had_proof_of_work).order_by(OutboxRow.id)))
