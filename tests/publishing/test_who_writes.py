"""Owners may keep the right to change the text of an open petition to themselves."""

import pytest
from flask import Flask

from app.models import Act, Role
from tests.factories import SLUG, petition_file
from tests.petitions.stored import texts
from tests.publishing.conftest import PLACE, TRUSTED, Desk, Seat, stored
from tests.publishing.test_details import acts
from tests.publishing.test_files import upload

pytestmark = pytest.mark.both_databases
SWEDISH = {"title": "Böcker", "statement": "Vi ber."}


@pytest.fixture
def editor(seat: Seat) -> Desk:
    return seat(Role.EDITOR, "edith@example.org")


def test_once_it_is_open_editors_change_nothing_of_the_text_then(app: Flask, desk: Desk, editor: Desk) -> None:
    editor.send(f"{PLACE}/words/sv", **SWEDISH)
    form, swedish = editor.form(f"{PLACE}/words"), editor.form(f"{PLACE}/words/sv")
    before = len(texts(app))
    assert desk.press(f"{PLACE}/who-writes", who="owners").location == f"{PLACE}/members"
    assert acts(app)[-1] == (Act.EDITED, {"what": "owners_write"})
    assert "edited the petition: Who may change the text" in desk.get(f"{PLACE}/log").text
    assert "Please ask one of them." in editor.get(f"{PLACE}/words").text
    assert editor.client.post(f"{PLACE}/words", data=form | {"title": "Other"}).status_code == 404
    assert editor.client.post(f"{PLACE}/words/sv", data=swedish | {"title": "Annat"}).status_code == 404
    assert editor.press(f"{PLACE}/words/sv/delete").status_code == 404
    refused = upload(editor, petition_file("Other reasons."))
    assert "only owners change the text of this petition." in refused.text
    assert len(texts(app)) == before
    assert editor.send(f"{PLACE}/details", goal="700").status_code == 303, "the rest they change as before"
    assert desk.send(f"{PLACE}/words", title="Owners\u2019 title").status_code == 303
    desk.press(f"{PLACE}/who-writes", who="editors")
    assert editor.send(f"{PLACE}/words", title="Editors\u2019 title").status_code == 303


def test_a_draft_is_written_by_all(app: Flask, draft: Desk, editor: Desk) -> None:
    draft.press(f"{PLACE}/who-writes", who="owners")
    assert stored(app).owners_write
    assert editor.send(f"{PLACE}/words", statement="We ask.").status_code == 303
    assert "Please ask one of them." not in editor.get(f"{PLACE}/words").text
    editor.send(f"{PLACE}/details", started_by="Friends")
    editor.send(f"{PLACE}/trust", **TRUSTED)
    assert draft.press(f"{PLACE}/open").status_code == 303
    assert editor.press(f"{PLACE}/words").status_code in {404, 422}
    assert SLUG in stored(app).slug


def test_editors_do_not_give_themselves_the_right(desk: Desk, editor: Desk) -> None:
    assert editor.press(f"{PLACE}/who-writes", who="editors").status_code == 404
    assert "Keep it to owners" in desk.get(f"{PLACE}/members").text
