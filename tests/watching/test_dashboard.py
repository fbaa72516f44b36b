"""The dashboard: numbers, charts with tables, and no personal data."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from app import clock
from app.db import db, transaction
from app.models import ProviderPace, Role, State, Visibility
from app.outbox import quota
from app.watching import hourly
from tests.export.listed import add
from tests.factories import make_mailbox
from tests.html_page import HtmlPage
from tests.watching.organiser import BASE, signed_in
from tests.watching.people import add_people


@pytest.fixture
def viewer(app: Flask, petition: str) -> FlaskClient:
    """A signed-in viewer's browser."""
    return signed_in(app, Role.VIEWER)


@pytest.mark.parametrize(
    ("role", "unconfirmed"),
    [(Role.VIEWER, {"pending": 20, "declined": 10}), (Role.EDITOR, {"pending": 16, "declined": 7})],
)
def test_the_page_and_the_json_have_the_same_numbers(
    app: Flask, petition: str, role: Role, unconfirmed: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hourly, "_secrets", lambda which: (7, 5))
    for number, state in enumerate(State, 3):
        add_people(app, number, state)
    for has, number in (("draft", 16), ("declined", 7)):
        for which in range(number):
            make_mailbox(app, has, f"{has}{which}@example.org")
    with app.app_context():
        hourly.round_numbers()
    browser = signed_in(app, role)
    page = HtmlPage(browser.get(BASE).text)
    shown = {one.get("data-number"): one.words() for one in page.elements if one.get("data-number")}
    answer = browser.get(f"{BASE}/numbers.json")
    assert answer.headers["Cache-Control"] == "no-store"
    found = dict(answer.json or {})
    assert found.pop("exact") == (role != Role.VIEWER)
    assert {name: str(number) for name, number in found.items()} == shown
    states = {"verified": 3, "withdrawn": 4, "invalidated": 5}
    assert found == states | unconfirmed | dict.fromkeys(
        ["sent", "waiting", "failed", "came_back", "complained"], 0
    ) | dict.fromkeys(("today", "yesterday", "week"), 0)


def test_the_dashboard_has_no_personal_data(app: Flask, viewer: FlaskClient) -> None:
    ids = add_people(app, 3)
    for path in (BASE, f"{BASE}/numbers.json"):
        text = viewer.get(path).text
        assert "Person" not in text and "Reader" not in text and "@" not in text
        assert not [one for one in ids if one.hex() in text]
    for path in (f"{BASE}/signatures", f"{BASE}/signatures/{ids[0].hex()}"):
        assert viewer.get(path).status_code == 404
    assert f"{BASE}/signatures" not in viewer.get(BASE).text


def tiles(page: str) -> dict[str, str]:
    """Return the label of each tile with its number and hint."""
    found = HtmlPage(page)
    return {label.words(): number.words() for label, number in zip(found.all("dt"), found.all("dd"), strict=True)}


def test_tiles_show_the_goal_the_last_days_and_what_signers_chose(app: Flask, petition: str) -> None:
    midnight = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    add_people(app, 2, signed_at=midnight, took=timedelta(0), apart=timedelta(0))
    add_people(app, 3, signed_at=midnight - timedelta(hours=3), apart=timedelta(0))
    add_people(app, 4, signed_at=midnight - timedelta(days=3))
    add(app, email="ann@example.org", visibility=Visibility.DELIVERY, updates=True)
    add(app, email="bob@example.org", visibility=Visibility.ORGANISERS, updates=True)
    add(app, email="cleo@example.org", state=State.INVALIDATED, updates=True)
    page = signed_in(app, Role.EDITOR).get(BASE).text
    shown = {label: words.split()[0] for label, words in tiles(page).items()}
    assert "of the goal of 25" in page
    assert [shown[label] for label in ("Today", "Yesterday", "Last 7 days")] == ["4", "3", "11"]
    seen_by = {"everyone": "9", "the addressee": "1", "organisers only": "1"}
    assert {whom: shown[f"Name seen by {whom}"] for whom in seen_by} == seen_by
    assert shown["Agreed to updates"] == "2"


@pytest.mark.parametrize("by", ["hour", "day", "week"])
def test_every_chart_has_a_text_alternative_and_a_table(app: Flask, petition: str, by: str) -> None:
    add_people(app, 4, country="NO", language="sv", signed_at=clock.now() - timedelta(hours=3))
    add_people(app, 1, country="SE", signed_at=clock.now() - timedelta(hours=2))
    page = HtmlPage(signed_in(app, Role.EDITOR).get(f"{BASE}?by={by}").text)
    charts = page.all("svg", role="img")
    assert len(charts) == 5
    for chart in charts:
        title, description = (page.by_id(name) for name in (chart.get("aria-labelledby") or "").split())
        assert (title.tag, description.tag) == ("title", "desc")
        assert title.words() and description.words()
    rows = [row.words() for row in page.all("tr")]
    assert {"Norway4", "Sweden1", "Swedish4", "English1", "Under 10 minutes5"} <= set(rows)
    assert len([one for one in page.all("details") if any(around.tag == "main" for around in one.inside)]) == 4
    assert page.all("td")[1].words() == "5", "the newest step comes first, and ends at the count"
    (chosen,) = [link for link in page.all("a") if link.get("aria-current") == "true"]
    assert f"by={by}" in (chosen.get("href") or "")


def test_a_chart_says_how_many_more_rows_its_table_has(app: Flask, petition: str) -> None:
    for number, country in enumerate(("SE", "NO", "FI", "DK", "DE", "FR", "ES", "IT"), 2):
        add_people(app, number, country=country)
    editor = signed_in(app, Role.EDITOR)
    assert "in the table" not in editor.get(BASE).text
    for country in ("PT", "EE"):
        add_people(app, 1, country=country)
    assert "and 2 more rows in the table" in editor.get(BASE).text


def test_a_petition_without_signatures_has_a_dashboard(viewer: FlaskClient) -> None:
    answer = viewer.get(BASE)
    assert answer.status_code == 200
    assert "Nothing to show yet." in answer.text


def test_an_unknown_step_shows_the_default_one(viewer: FlaskClient) -> None:
    assert viewer.get(f"{BASE}?by=minute").text.count('aria-current="true"') == 1


def test_the_page_has_no_inline_style_or_script(app: Flask, viewer: FlaskClient) -> None:
    add_people(app, 2)
    page = HtmlPage(viewer.get(BASE).text)
    assert not [one for one in page.elements if one.get("style") or one.tag == "style"]
    assert all(one.get("src") for one in page.all("script"))


def test_the_number_of_queries_does_not_grow(app: Flask, viewer: FlaskClient) -> None:
    def count_queries() -> int:
        asked: list[str] = []
        record = lambda c, cur, statement, *rest: asked.append(statement)  # noqa: E731
        with app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", record)
        viewer.get(BASE)
        event.remove(engine, "before_cursor_execute", record)
        return len(asked)

    before = count_queries()
    add_people(app, 300)
    assert count_queries() == before


def test_the_dashboard_says_what_e_mails_wait_for_and_until_when(app: Flask, viewer: FlaskClient) -> None:
    assert "The next leave on" not in viewer.get(BASE).text
    app.config["MAIL_MAX_PER_DAY"] = 10
    with app.app_context(), transaction() as session:
        quota.count(session, {quota.ALL: 10}, clock.now())
    assert "The mail server takes no more e-mails for today." in viewer.get(BASE).text
    app.config["MAIL_MAX_PER_DAY"] = 0
    paused = {"paused_until": clock.now() + timedelta(hours=2), "pauses": 1, "reply": "550 5.7.1: security or policy"}
    with app.app_context(), transaction() as session:
        session.add(ProviderPace(provider_key=quota.ALL, next_at=clock.now(), **paused))
    page = viewer.get(BASE).text
    assert "The mail server refuses all e-mails." in page and "5.7.1" not in page
