"""An editor with a real browser, on a phone and on a screen: watch signatures arrive, take one out, put it back."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import update

from app.db import transaction
from app.models import Organiser
from tests.factories import make_petition, make_signature
from tests.flows.conftest import overflows, served, troubles_of
from tests.watching.organiser import BASE, signed_in
from tests.watching.people import add_people


@pytest.fixture
def app(app: Flask) -> Flask:
    """The site with a petition that a few have signed."""
    make_petition(app)
    add_people(app, 3, country="NO")
    make_signature(app, name="Zoe Example", email="zoe@example.org")
    return app


@pytest.fixture(params=[(390, False), (1280, True)], ids=lambda p: f"{p[0]}px-scripts-{p[1]}")
def page(browser: Browser, app: Flask, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The editor's page, which fails the test on any error or breach of the content policy."""
    width, scripts = request.param
    cookie = signed_in(app).get_cookie("organiser")
    assert cookie
    with served(app) as port:
        base = f"http://localhost:{port}"
        context = browser.new_context(
            viewport={"width": width, "height": 844}, java_script_enabled=scripts, base_url=base, color_scheme="dark"
        )
        context.add_cookies([{"name": "organiser", "value": cookie.value, "url": base}])
        page = context.new_page()
        troubles = troubles_of(page, port)
        yield page
        context.close()
    assert not [trouble for trouble in troubles if "422" not in trouble]


def test_the_history_shows_a_list_that_was_just_downloaded(page: Page, request: pytest.FixtureRequest) -> None:
    page.goto(f"{BASE}/export")
    page.get_by_label("Who gets this list?").fill("Registry of Testville")
    page.get_by_label("JSON").check()
    with page.expect_download():
        page.get_by_role("button", name="Make the list").click()
    if "scripts-False" in request.node.name:
        page.get_by_role("link", name="Show what was handed over").click()
    expect(page.get_by_role("cell", name="Registry of Testville")).to_be_visible()
    assert not overflows(page)


def test_a_list_is_tried_out(page: Page) -> None:
    page.goto(f"{BASE}/export")
    page.get_by_text("Try it out first").click()
    assert not overflows(page)
    with page.expect_download() as started:
        page.get_by_role("button", name="JSON").click()
    assert "-trial-" in started.value.suggested_filename


def expect_count(page: Page, number: int) -> None:
    expect(page.locator("[data-number=verified]")).to_have_text(str(number))


def test_signatures_are_watched_as_they_arrive(app: Flask, page: Page, request: pytest.FixtureRequest) -> None:
    page.goto(BASE)
    expect_count(page, 4)
    assert not overflows(page)
    add_people(app, 2)
    if "scripts-False" in request.node.name:
        page.reload()
    expect_count(page, 6)


def test_one_is_taken_out_and_put_back(page: Page) -> None:
    page.goto(f"{BASE}/signatures")
    page.get_by_label("The whole address").fill("zoe@example.org")
    page.get_by_role("button", name="Find", exact=True).click()
    page.get_by_label("Zoe Example").check()
    assert "zoe@" not in page.url
    page.get_by_role("button", name="Invalidate…").click()
    page.get_by_role("heading", name="This will invalidate 1 signature").wait_for()
    page.get_by_role("button", name="Invalidate 1 signature").click()
    page.get_by_role("link", name="Please choose a reason.").click()
    page.get_by_label("The same person twice").check()
    page.get_by_label("A note for those who work on this petition").fill("Also signed as Zoë")
    assert not overflows(page)
    page.get_by_role("button", name="Invalidate 1 signature").click()
    page.get_by_text("1 signature does not count any more.").wait_for()
    page.get_by_text("Also signed as Zoë").wait_for()
    page.get_by_role("link", name="Dashboard").click()
    expect_count(page, 3)
    page.goto(f"{BASE}/signatures?state=invalidated")
    page.get_by_role("button", name="Restore all invalidated ones that match").click()
    page.get_by_role("button", name="Restore 1 signature").click()
    page.get_by_role("link", name="Dashboard").click()
    expect_count(page, 4)


EDGES = [("en", "left"), ("ar", "right")]


@pytest.mark.parametrize(("language", "edge"), EDGES)
def test_bars_begin_where_reading_does(app: Flask, page: Page, language: str, edge: str) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(Organiser).values(language=language))
    page.goto(BASE)
    edges = page.locator(".plot:has(.track)").first.evaluate(
        "(plot, edge) => [plot, [...plot.querySelectorAll('.bar')].at(-1), plot.querySelector('text')]"
        ".map((one) => one.getBoundingClientRect()[edge])",
        edge,
    )
    assert max(edges) - min(edges) < 3
    axis = page.locator(".plot > .at-end:not(.is-number)").first.inner_html()
    assert ("\u060c " in axis) == (language == "ar") and (", " in axis) == (language == "en")


@pytest.mark.parametrize(("language", "edge"), EDGES)
def test_time_runs_as_reading_does(app: Flask, page: Page, language: str, edge: str) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(Organiser).values(language=language))
    page.goto(BASE)
    plots = page.locator(".plot:not(:has(.track))")
    expect(plots).to_have_count(2)
    for plot in plots.all():
        begin, *oldest, newest, end = plot.evaluate(
            """(plot, [edge, other]) => {
                const oldest = ["text:not(.on-line, .at-end)", ".on-line", ".bar"].map((one) => plot.querySelector(one))
                return [...[plot, ...oldest.filter((one) => one)].map((one) => one.getBoundingClientRect()[edge]),
                        ...[plot.querySelector(".at-end"), plot].map((one) => one.getBoundingClientRect()[other])]
            }""",
            [edge, "left" if edge == "right" else "right"],
        )
        assert len(oldest) >= 2
        assert max(abs(one - begin) for one in oldest) < 3
        assert abs(newest - end) < 3
    assert page.locator(".plot:not(:has(.track)) .bar").count() > 1
