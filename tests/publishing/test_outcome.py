"""What became of a petition: written by its editors once it is closed, and changed at any time."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db import db
from app.models import Act, AuditEntry, Role
from tests.factories import SLUG, make_petition
from tests.html_page import HtmlPage
from tests.publishing.conftest import PLACE, Desk, Seat

OUTCOME = f"{PLACE}/outcome"


@pytest.fixture
def closed(app: Flask, seat: Seat) -> Desk:
    """The browser of a closed petition's editor."""
    make_petition(app, closes_on="2026-01-31")
    return seat(Role.EDITOR)


@pytest.mark.both_databases
def test_an_editor_writes_it_and_changes_it_later(app: Flask, closed: Desk, client: FlaskClient) -> None:
    assert closed.send(OUTCOME, outcome="The library *stays*.", outcome_on="2026-03-01").status_code == 303
    page = client.get(f"/petitions/{SLUG}").text
    assert "The library <em>stays</em>." in page and "March 1, 2026" in page
    assert closed.send(OUTCOME, outcome="It closed after all.").status_code == 303
    assert "It closed after all." in client.get(f"/petitions/{SLUG}").text
    assert "It closed" not in client.get(f"/petitions/{SLUG}/changes").text
    with app.app_context():
        edits = db.session.scalars(select(AuditEntry).where(AuditEntry.act == Act.EDITED).order_by(AuditEntry.id)).all()
        assert [one.details["what"] for one in edits] == ["outcome, outcome_on", "outcome"]


@pytest.mark.both_databases
def test_ten_thousand_words_are_taken_and_more_than_a_text_may_have_are_not(closed: Desk, client: FlaskClient) -> None:
    words = " ".join(["kept"] * 9_998 + ["for", "good"])
    assert closed.send(OUTCOME, outcome=words).status_code == 303
    assert words in client.get(f"/petitions/{SLUG}").text
    answer = closed.send(OUTCOME, outcome="x" * 100_001)
    assert answer.status_code == 422
    assert "at most 100000 characters" in HtmlPage(answer.text).errors()["outcome"]


def test_a_script_in_it_is_text(closed: Desk, client: FlaskClient) -> None:
    closed.send(OUTCOME, outcome="<script>alert(1)</script>")
    page = client.get(f"/petitions/{SLUG}").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page and "<script>alert" not in page


def test_taking_its_words_out_takes_its_day_along(closed: Desk, client: FlaskClient) -> None:
    closed.send(OUTCOME, outcome="Kept.", outcome_on="2026-03-01")
    closed.send(OUTCOME, outcome="")
    page = client.get(f"/petitions/{SLUG}").text
    assert "What became of it" not in page and "March 1" not in page


def test_only_a_closed_petitions_pages_lead_to_it(app: Flask, desk: Desk) -> None:
    assert OUTCOME not in desk.get(f"{PLACE}/details").text
    assert desk.press(f"{PLACE}/close").status_code == 303
    assert f'href="{OUTCOME}"' in desk.get(f"{PLACE}/details").text


def test_it_is_marked_where_the_petition_is_translated_and_it_is_not(
    app: Flask, seat: Seat, client: FlaskClient
) -> None:
    swedish = '[[translations]]\nlanguage = "sv"\ntitle = "Böcker"\nstatement = "Vi ber."\nbody = "Böcker"\n'
    make_petition(app, tables=swedish, closes_on="2026-01-31")
    assert seat(Role.EDITOR).send(OUTCOME, outcome="The library stays.").status_code == 303
    marked = {}
    for lang in ("", "/sv", "/de"):
        section = client.get(f"/petitions/{SLUG}{lang}").text.partition('id="outcome"')[2].partition("</section>")[0]
        assert "The library stays." in section
        marked[lang] = 'class="hint"' in section
    assert marked == {"": False, "/sv": True, "/de": False}, "of a whole page in another language it is said above"
