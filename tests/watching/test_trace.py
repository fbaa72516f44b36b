"""Who looks at people has just signed in, and leaves a line in the petition's log: one for each visit and filter."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import clock
from app.models import Role
from tests.factories import make_signature
from tests.html_page import HtmlPage
from tests.moderation.act import told
from tests.organisers import people
from tests.watching.organiser import BASE, entries_in, signed_in
from tests.watching.people import NOON, add_people

pytestmark = pytest.mark.both_databases
LIST = f"{BASE}/signatures"


@pytest.fixture
def owner(app: Flask, petition: str) -> FlaskClient:
    """A signed-in owner's browser."""
    return signed_in(app, Role.OWNER)


def traces(app: Flask) -> list[tuple[str, dict[str, int | str]]]:
    """Return the acts of looking in the log, oldest first."""
    return [(act, details) for act, details in told(app) if act in {"listed", "sought"}]


def test_a_visit_leaves_one_line_for_each_filter_and_none_for_a_page(app: Flask, owner: FlaskClient) -> None:
    add_people(app, 60, country="NO")
    filtered = f"{LIST}?state=verified&country=NO&day={NOON.date()}"
    for path in (LIST, filtered):
        (following,) = [one.get("href") or "" for one in HtmlPage(owner.get(path).text).all("a", rel="next")]
        assert owner.get(following).status_code == 200
        assert owner.get(path).status_code == 200
    chosen = {"state": "verified", "country": "NO", "day": str(NOON.date())}
    assert traces(app) == [("listed", {}), ("listed", chosen)]
    log = owner.get(f"{BASE}/log").text
    assert "looked at the list of signatures: Verified, Norway, Nov 20, 2026" in log


def test_a_later_page_that_is_opened_by_itself_leaves_a_line_too(app: Flask, owner: FlaskClient) -> None:
    add_people(app, 60)
    (following,) = [one.get("href") or "" for one in HtmlPage(owner.get(LIST).text).all("a", rel="next")]
    other = signed_in(app, Role.EDITOR, email="edith@example.org")
    assert other.get(following).status_code == 200
    assert traces(app) == [("listed", {})] * 2


def test_the_next_visit_leaves_the_next_line(app: Flask, owner: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    owner.get(LIST)
    later = clock.now() + timedelta(minutes=16)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert signed_in(app, Role.OWNER).get(LIST).status_code == 200
    assert traces(app) == [("listed", {})] * 2


def test_each_search_by_address_leaves_a_line_without_it(app: Flask, owner: FlaskClient) -> None:
    make_signature(app, email="ann@example.org")
    for address in ("ann@example.org", "ann@example.org", "nobody@example.org"):
        assert owner.post(f"{LIST}/find", data={"email": address}).status_code == 200
    assert traces(app) == [("sought", {})] * 3
    log = owner.get(f"{BASE}/log").text
    assert log.count("looked for a signature by its e-mail address") == 3
    assert "ann@" not in log and "nobody@" not in log


def test_what_is_no_address_is_no_search_and_shows_the_list_with_its_line(app: Flask, owner: FlaskClient) -> None:
    assert owner.post(f"{LIST}/find", data={"email": "example.org"}).status_code == 422
    assert traces(app) == [("listed", {})]


def test_the_preview_of_an_act_on_a_filter_leaves_its_line(app: Flask, owner: FlaskClient) -> None:
    add_people(app, 2, country="NO")
    for _ in range(2):
        assert owner.post(f"{LIST}/invalidate", data={"all": "1", "country": "NO"}).status_code == 200
    assert traces(app) == [("listed", {"country": "NO"})]


@pytest.mark.parametrize("minutes", [10, 30])
def test_people_are_shown_soon_after_signing_in_and_not_later(app: Flask, petition: str, minutes: int) -> None:
    entry = make_signature(app).hex()
    client = people.signed_in(app, "edith@example.org", Role.EDITOR, minutes_ago=minutes)
    posts = {f"{LIST}/find": {"email": "ann@example.org"}}
    posts |= {f"{LIST}/{act}": {"all": "1"} for act in ("invalidate", "restore", "dismiss")}
    answers = [client.get(path) for path in (LIST, f"{LIST}/{entry}")]
    answers += [client.post(path, data=data) for path, data in posts.items()]
    for answer in answers:
        is_shown = answer.status_code == 200
        assert is_shown == (minutes == 10), answer.request.path
        assert is_shown or answer.location.startswith("/organise/verify?")
        assert is_shown or "Ann Example" not in answer.text
    assert bool(traces(app)) == (minutes == 10)
    assert client.get(BASE).status_code == 200


def test_who_knows_entries_from_an_earlier_visit_leaves_a_line_by_looking_at_them_again(
    app: Flask, owner: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_people(app, 2)
    known = entries_in(owner.get(LIST).text)
    later = clock.now() + timedelta(days=30)
    monkeypatch.setattr(clock, "now", lambda: later)
    again = signed_in(app, Role.OWNER)
    before = len(traces(app))
    assert again.get(f"{LIST}/{known[0]}").status_code == 200
    assert len(traces(app)) == before + 1
    much_later = later + timedelta(days=30)
    monkeypatch.setattr(clock, "now", lambda: much_later)
    again = signed_in(app, Role.OWNER)
    assert again.post(f"{LIST}/invalidate", data={"entry": known}).status_code == 200
    assert len(traces(app)) == before + 2
