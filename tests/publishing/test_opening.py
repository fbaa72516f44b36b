"""Opening, closing and reopening: by owners, and only a complete petition."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import clock
from app.models import Act, Role
from app.models.petition import Standing
from app.publishing.opening import last_day_before_closing
from tests.factories import SLUG, make_signature, sign
from tests.html_page import HtmlPage
from tests.publishing.conftest import PLACE, TRUSTED, Desk, Seat, stored
from tests.publishing.test_details import acts


def complete(draft: Desk) -> None:
    draft.send(f"{PLACE}/words", statement="We ask.", body="Because.")
    draft.send(f"{PLACE}/details", started_by="Friends")
    assert draft.send(f"{PLACE}/trust", **TRUSTED).status_code == 303


def test_the_home_page_links_a_draft_to_its_overview_and_an_open_petition_to_its_dashboard(draft: Desk) -> None:
    def link_target() -> str:
        page = HtmlPage(draft.get("/organise").text)
        (link,) = [one for one in page.all("a") if one.words() == "Save the test library"]
        return link.get("href") or ""

    assert link_target() == f"{PLACE}/publishing"
    complete(draft)
    draft.press(f"{PLACE}/open")
    assert link_target() == PLACE


def test_a_draft_shows_what_is_missing_and_opens_once_complete(app: Flask, draft: Desk, client: FlaskClient) -> None:
    answer = draft.press(f"{PLACE}/open")
    assert answer.status_code == 409
    for words in (
        "what people sign",
        "who started it",
        "who answers for the data",
        "the addressee",
        "when the data is",
    ):
        assert words in answer.text
    assert client.get(f"/petitions/{SLUG}").status_code == 404
    complete(draft)
    assert draft.press(f"{PLACE}/open").status_code == 303
    assert client.get(f"/petitions/{SLUG}").status_code == 200
    assert sign(client).status_code == 303
    story = [act for act, _ in acts(app)]
    assert story == [Act.CREATED, Act.EDITED, Act.EDITED, Act.EDITED, Act.OPENED]


@pytest.mark.parametrize("left_out", sorted(TRUSTED))
def test_each_required_key_is_needed_to_open(app: Flask, draft: Desk, left_out: str) -> None:
    complete(draft)
    assert draft.send(f"{PLACE}/trust", **{left_out: ""}).status_code == 303
    assert draft.press(f"{PLACE}/open").status_code == 409
    assert stored(app).opened_at is None


def test_a_draft_whose_last_day_is_over_does_not_open(app: Flask, draft: Desk) -> None:
    complete(draft)
    assert draft.send(f"{PLACE}/details", closes_on="2026-01-31").status_code == 303
    answer = draft.press(f"{PLACE}/open")
    assert answer.status_code == 409 and "last day for signing is over" in answer.text


def test_closing_ends_signing_at_once_and_reopening_allows_it_again(
    app: Flask, desk: Desk, client: FlaskClient
) -> None:
    make_signature(app)
    assert desk.press(f"{PLACE}/close").status_code == 303
    assert sign(client).status_code == 409
    assert desk.send(f"{PLACE}/details", goal="300").status_code == 303
    assert stored(app).standing(clock.now()) == Standing.CLOSED
    answer = desk.press(f"{PLACE}/reopen", closes_on="2026-01-31")
    assert answer.status_code == 422
    assert HtmlPage(answer.text).errors() == {"closes_on": "This day is over. Please choose a later one, or none."}
    assert desk.press(f"{PLACE}/reopen", closes_on="2999-12-31").status_code == 303
    assert sign(client).status_code == 303
    assert [act for act, _ in acts(app)][-3:] == [Act.CLOSED, Act.EDITED, Act.REOPENED]


@pytest.mark.parametrize(("last_day", "kept"), [("2999-12-31", "2999-12-31"), ("", "")])
def test_opening_again_keeps_the_last_day_that_was_planned(app: Flask, desk: Desk, last_day: str, kept: str) -> None:
    assert desk.send(f"{PLACE}/details", closes_on=last_day).status_code == 303
    desk.press(f"{PLACE}/close")
    assert desk.form(f"{PLACE}/reopen").get("closes_on", "") == kept
    assert desk.send(f"{PLACE}/reopen").status_code == 303
    assert (str(stored(app).last_day) if kept else stored(app).last_day) == (kept or None)


def test_a_planned_last_day_that_is_over_is_not_filled_in(
    app: Flask, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = clock.now().date()
    assert desk.send(f"{PLACE}/details", closes_on=today.isoformat()).status_code == 303
    desk.press(f"{PLACE}/close")
    tomorrow = clock.now() + timedelta(days=1)
    with app.app_context():
        assert last_day_before_closing(stored(app).id) == today
        monkeypatch.setattr(clock, "now", lambda: tomorrow)
        assert last_day_before_closing(stored(app).id) is None


def test_a_second_click_changes_nothing(app: Flask, desk: Desk) -> None:
    opened_at = stored(app).opened_at
    before = len(acts(app))
    assert desk.press(f"{PLACE}/open").status_code == 303
    assert desk.press(f"{PLACE}/reopen").status_code == 303
    assert stored(app).opened_at == opened_at
    assert len(acts(app)) == before
    for _ in range(2):
        assert desk.press(f"{PLACE}/close").status_code == 303
    assert len(acts(app)) == before + 1


@pytest.mark.parametrize(
    ("role", "page", "method"),
    [
        *((Role.EDITOR, page, "POST") for page in ("open", "close", "reopen")),
        *((Role.VIEWER, page, "GET") for page in ("words", "details", "trust", "image")),
        *((Role.VIEWER, page, "POST") for page in ("words", "details", "trust", "image", "preview-markdown")),
        *((None, page, "GET") for page in ("publishing", "preview", "petition.md", "words", "image")),
        *((None, page, "POST") for page in ("words", "details", "trust", "image", "open", "close")),
    ],
)
def test_acts_beyond_a_role_are_refused(
    app: Flask, desk: Desk, seat: Seat, role: Role | None, page: str, method: str
) -> None:
    other = seat(role, "other@example.org")
    token = other.form("/organise/petitions/new")["csrf_token"]
    before = acts(app)
    data = {"csrf_token": token} if method == "POST" else None
    assert other.client.open(f"{PLACE}/{page}", method=method, data=data).status_code == 404
    assert acts(app) == before


def test_viewers_see_the_page_and_the_file(desk: Desk, seat: Seat) -> None:
    viewer = seat(Role.VIEWER, "vera@example.org")
    for page in ("publishing", "preview", "preview/sv", "petition.md"):
        assert viewer.get(f"{PLACE}/{page}").status_code == 200
    assert not [one for one in viewer.page(f"{PLACE}/publishing").all("form") if "/open" in (one.get("action") or "")]


def test_the_preview_cannot_be_signed(draft: Desk) -> None:
    page = draft.page(f"{PLACE}/preview")
    (inert,) = page.all("fieldset", disabled="")
    buttons = [one for one in page.all("button") if inert in one.inside]
    assert [one.words() for one in buttons] == ["Sign"]


def test_an_empty_preview_says_what_is_not_given_yet(draft: Desk) -> None:
    def missing() -> tuple[int, int]:
        page = draft.page(f"{PLACE}/preview")
        found = [one for one in page.all("em") if one.words() == "not yet given"]
        (notice,) = page.all("details", **{"class": "privacy"})
        in_notice = [one for one in found if notice in one.inside]
        assert ("Erased 0 days" in notice.words(), "mailto:" in page.html) == (False, not in_notice)
        return len(found) - len(in_notice), len(in_notice)

    assert missing() == (3, 6)
    draft.send(f"{PLACE}/words", statement="We ask.")
    assert missing() == (2, 6)
    complete(draft)
    assert missing() == (0, 0)


def test_the_preview_bar_is_in_the_organisers_language(desk: Desk) -> None:
    page = desk.page(f"{PLACE}/preview/sv")
    (bar,) = page.all("div", role="status")
    assert (bar.get("lang"), page.all("html")[0].get("lang")) == ("en", "sv")
    assert "This is a preview." in bar.words()
    assert "Skriv under" in {one.words() for one in page.all("button")}


def test_a_closed_petition_shows_its_count_and_no_next_goal(app: Flask, desk: Desk, client: FlaskClient) -> None:
    make_signature(app)
    assert "Next goal" in client.get(f"/petitions/{SLUG}").text
    desk.press(f"{PLACE}/close")
    closed = HtmlPage(client.get(f"/petitions/{SLUG}").text)
    assert "1 verified signature" in {one.words() for one in closed.all("p")}
    assert not closed.all("progress")
    assert "Next goal" not in closed.html


def test_a_drafts_slug_is_answered_like_an_unknown_one(
    draft: Desk, client: FlaskClient, work: Callable[[], int]
) -> None:
    for path in ("", "/sign", "/count.json", "/changes", "/signed"):
        assert client.get(f"/petitions/{SLUG}{path}").status_code == 404
    assert SLUG not in client.get("/").text
