"""Who watches a petition sees its count move, is told of it politely, and burdens the site little."""

import os
from collections.abc import Iterator

import flask
import pytest
from flask import Flask, Response
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.factories import SLUG, make_petition, make_signature
from tests.flows.conftest import EXAMPLE, served, troubles_of
from tests.flows.visitor import count_of, fill, letter_to
from tests.site import Site, wait_until

# In flight until its body is read as well: the page goes on only then.
IN_FLIGHT = """
window.inFlight = 0;
const fetchAnew = window.fetch;
window.fetch = async (...request) => {
  window.inFlight += 1;
  try {
    const answer = await fetchAnew(...request);
    await answer.clone().arrayBuffer();
    return answer;
  } finally {
    window.inFlight -= 1;
  }
};
"""
HIDE = "Object.defineProperty(document, 'hidden', { get: () => window.isHidden ?? false })"


@pytest.fixture
def asked(app: Flask, browser: Browser, request: pytest.FixtureRequest) -> Iterator[tuple[Page, list[str]]]:
    """Give a watched petition in a browser whose clock the test turns, and the list of what asks for its count."""
    with served(app) as port:
        context = browser.new_context(base_url=f"http://localhost:{port}", **getattr(request, "param", {}))
        page = context.new_page()
        troubles = troubles_of(page, port)
        page.clock.install()
        page.add_init_script(HIDE)
        page.add_init_script(IN_FLIGHT)
        requests: list[str] = []
        page.on("request", lambda asked: requests.append(asked.url) if "count.json" in asked.url else None)
        yield page, requests
        context.close()
    assert not [trouble for trouble in troubles if "ERR_FAILED" not in trouble]


def shown(page: Page) -> list[str]:
    return page.locator(".count strong").all_inner_texts()


def settle(page: Page) -> None:
    """Let what the page has asked for be answered: what is asked after it comes after it."""
    page.evaluate("fetch('/healthz').then((answer) => answer.text())")
    page.evaluate("fetch('/healthz').then((answer) => answer.text())")


def turn(page: Page, seconds: int) -> None:
    """Let seconds pass on the page's clock, and what it asks for meanwhile be answered."""
    page.clock.run_for(seconds * 1000)
    wait_until(lambda: page.evaluate("inFlight === 0"))
    settle(page)
    page.clock.run_for(1)


def opened(page: Page, path: str = f"/petitions/{SLUG}") -> None:
    """Open a page, and let its clock stand still from then on."""
    page.goto(path)
    page.clock.pause_at(page.evaluate("Date.now() / 1000 + 1"))


def test_in_a_second_window_without_reloading(browser: Browser, site: Site, context: BrowserContext) -> None:
    watching, signing = context.new_page(), context.new_page()
    before = count_of(watching)
    address = f"moved{os.urandom(4).hex()}@example.org"
    count_of(signing)
    fill(signing, address)
    signing.get_by_role("button", name="Sign").click()
    signing.wait_for_url("**/check-your-email/**")
    signing.goto(letter_to(signing, address))
    signing.get_by_role("button", name="I agree, count my signature").click()
    signing.wait_for_url("**/signed*")
    expect(signing.locator(".count strong")).to_have_text(str(before + 1))
    watching.bring_to_front()
    watching.locator(".is-large strong", has_text=str(before + 1)).wait_for()
    assert watching.url.endswith(EXAMPLE)
    assert watching.locator("progress").first.evaluate("bar => bar.value") == before + 1


@pytest.mark.parametrize("asked", [{"reduced_motion": "reduce"}], indirect=True)
def test_every_place_on_the_page_says_it_in_the_words_of_its_language(
    app: Flask, asked: tuple[Page, list[str]]
) -> None:
    page, _ = asked
    make_petition(app, goal="2")
    opened(page, f"/petitions/{SLUG}/ru")
    said = page.locator(".progress [role=status]")
    assert said.inner_text() == ""
    for number, words in ((1, "подтверждённая подпись"), (2, "подтверждённые подписи"), (3, "подтверждённые подписи")):
        make_signature(app, email=f"number{number}@example.org")
        turn(page, 6)
        assert shown(page) == [str(number)] * 2
        assert page.locator(".is-large .count").inner_text().split("\n")[-1] == words
    assert "25" in page.locator(".goal").first.inner_text()
    assert page.locator("progress").first.get_attribute("max") == "25"
    assert said.inner_text() == "1 подтверждённая подпись"  # not each of many
    turn(page, 30)
    assert said.inner_text() == "3 подтверждённые подписи"


@pytest.mark.parametrize("asked", [{"reduced_motion": "no-preference"}], indirect=True)
def test_it_counts_up(app: Flask, asked: tuple[Page, list[str]]) -> None:
    page, _ = asked
    make_petition(app)
    opened(page)
    bar, first = page.get_by_role("progressbar").first, page.get_by_text("Be among the first to sign").first
    assert first.is_visible() and not bar.is_visible() and not page.locator(".is-large .count").is_visible()
    for number in range(40):
        make_signature(app, email=f"number{number}@example.org")
    page.clock.run_for(5000)
    settle(page)
    seen = set()
    while shown(page)[0] != "40":
        page.clock.run_for(100)
        seen.add(int(shown(page)[0]))
    assert len(seen) > 3
    assert bar.is_visible() and not first.is_visible() and page.locator(".is-large .count").is_visible()


def test_it_is_asked_for_seldom_when_nobody_looks_or_nothing_answers(app: Flask, asked: tuple[Page, list[str]]) -> None:
    page, requests = asked
    make_petition(app)
    opened(page)
    for _ in range(3):
        turn(page, 5)
    assert len(requests) == 3

    page.evaluate("isHidden = true")
    turn(page, 5)  # the one that was on its way
    for _ in range(11):
        turn(page, 5)
    assert len(requests) == 4
    page.evaluate("isHidden = false; document.dispatchEvent(new Event('visibilitychange'))")
    wait_until(lambda: page.evaluate("inFlight === 0"))
    settle(page)
    assert len(requests) == 5

    def refuse(route: Route) -> None:
        route.abort()

    page.route("**/count.json", refuse)
    for seconds in (5, 10, 20, 40):
        seen = len(requests)
        turn(page, seconds - 1)
        assert len(requests) == seen
        turn(page, 1)
        assert len(requests) == seen + 1


def test_one_question_at_a_time_however_often_somebody_looks(app: Flask, asked: tuple[Page, list[str]]) -> None:
    page, requests = asked
    make_petition(app)
    opened(page)
    held: list[Route] = []
    page.route("**/count.json", lambda route: held.append(route))
    page.clock.run_for(5000)
    for _ in range(10):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    settle(page)
    assert len(held) == len(requests) == 1
    held[0].fulfill(json={"verified": 3, "goal": 100})
    page.unroute("**/count.json")
    settle(page)
    for _ in range(3):
        turn(page, 5)
    assert len(requests) == 4


@pytest.mark.parametrize("strange", [{"error": "no"}, {"verified": "<b>9", "goal": 100}, {"verified": 1.5, "goal": 2}])
def test_what_is_no_count_is_not_shown(app: Flask, asked: tuple[Page, list[str]], strange: dict[str, object]) -> None:
    page, _ = asked
    make_petition(app)
    opened(page)
    page.route("**/count.json", lambda route: route.fulfill(json=strange))
    turn(page, 5)
    assert shown(page) == ["0", "0"]
    assert page.locator(".progress [role=status]").inner_text() == ""


def test_an_unchanged_count_costs_an_empty_answer(app: Flask, asked: tuple[Page, list[str]]) -> None:
    page, _ = asked
    make_petition(app)
    answers: list[str] = []

    def note(_app: Flask, response: Response) -> None:
        if flask.request.path.endswith("count.json"):
            answers.append(response.status)

    with flask.request_finished.connected_to(note, app):
        opened(page)
        turn(page, 5)
        turn(page, 5)
    assert answers == ["200 OK", "304 NOT MODIFIED"]


def test_it_is_not_asked_for_once_the_petition_has_closed(app: Flask, asked: tuple[Page, list[str]]) -> None:
    page, requests = asked
    make_petition(app, closes_on="2099-01-01")
    opened(page)
    turn(page, 5)
    assert len(requests) == 1
    page.clock.set_system_time("2099-01-03")
    turn(page, 5)
    turn(page, 600)
    assert len(requests) == 1
