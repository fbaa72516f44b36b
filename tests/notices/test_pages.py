"""Each organiser switches each notice on or off for themselves; editors get only trouble unless they choose."""

import pytest
from flask import Flask

from app.models import Role
from tests.notices.conftest import NOON, count_is, declined_is, subjects, tell
from tests.organisers.people import OWNER, make_organiser, signed_in
from tests.publishing.conftest import PLACE

pytestmark = pytest.mark.both_databases
PAGE = f"{PLACE}/notices"
EDITOR, VIEWER = "editor@example.org", "viewer@example.org"


def ticked(page: str) -> set[str]:
    inputs = [part.split(">")[0] for part in page.split("<input")[1:]]
    return {part.split('name="')[1].split('"')[0] for part in inputs if "checkbox" in part and "checked" in part}


def test_owners_get_all_and_editors_only_trouble_and_viewers_nothing(app: Flask, petition: str) -> None:
    for email, role in ((OWNER, Role.OWNER), (EDITOR, Role.EDITOR), (VIEWER, Role.VIEWER)):
        make_organiser(app, email, role)
    count_is(app, 25)
    declined_is(app, 10, NOON)
    assert tell(app, NOON) == 3
    told = [one.split(":")[0] for one in subjects(app)]
    assert sorted(told) == ["editor", "owner", "owner"]
    owner, editor = signed_in(app), signed_in(app, EDITOR)
    assert ticked(owner.get(PAGE).text) == {"first", "share", "goal", "attack", "mail", "objection"}
    assert ticked(editor.get(PAGE).text) == {"attack", "mail", "objection"}
    assert signed_in(app, VIEWER).get(PAGE).status_code == 404


def test_what_is_switched_off_is_not_sent_to_whoever_did_and_stays_off(app: Flask, petition: str) -> None:
    make_organiser(app, OWNER, Role.OWNER)
    editor = signed_in(app, EDITOR, Role.EDITOR)
    owner = signed_in(app)
    assert owner.post(PAGE, data={"first": "y", "mail": "y"}).status_code == 303
    assert editor.post(PAGE, data={"goal": "y"}).status_code == 303
    assert ticked(owner.get(PAGE).text) == {"first", "mail"}
    count_is(app, 25)
    declined_is(app, 10, NOON)
    tell(app, NOON)
    assert sorted(subjects(app)) == ["editor: A goal is reached", "owner: The first signature"]
    assert owner.post(PAGE, data={"goal": "y", "objection": "y"}).status_code == 303
    assert tell(app, NOON) == 0, "what was found before is not told later"


def test_the_dashboard_leads_there(app: Flask, petition: str) -> None:
    assert PAGE in signed_in(app, role=Role.OWNER).get(PLACE).text
    assert PAGE not in signed_in(app, VIEWER, Role.VIEWER).get(PLACE).text
