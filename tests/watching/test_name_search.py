"""Finding signatures by name: sealed names are read through step by step, with what was found so far."""

import logging
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.db import transaction
from app.models import Role, Signature, State
from app.watching import name_search
from tests.export.listed import NOON, add
from tests.factories import hidden_fields, make_petition, make_signature
from tests.html_page import HtmlPage
from tests.moderation.act import told
from tests.organisers import people
from tests.watching.organiser import BASE, entries_in, press, signed_in
from tests.watching.people import add_people

pytestmark = pytest.mark.both_databases

LIST = f"{BASE}/signatures"
FIND = f"{LIST}/find-by-name"


@pytest.fixture
def editor(app: Flask, petition: str) -> FlaskClient:
    """A signed-in editor's browser."""
    return signed_in(app, Role.EDITOR)


def find(editor: FlaskClient, name: str, **fields: str) -> TestResponse:
    answer = press(editor, editor.get(LIST).text, FIND, name=name, **fields)
    assert answer.status_code == 200, answer.text
    return answer


def place_in(page: str) -> str:
    return hidden_fields(page)["place"]


def read_on(editor: FlaskClient, name: str, answer: TestResponse) -> TestResponse:
    return find(editor, name, place=place_in(answer.text))


@pytest.mark.parametrize("typed", ["zoe example", "ZOË", "xamp", "Example Zoë", " zoe  ", "\u202ez\u200boe\x0cexample"])
def test_a_name_is_found_by_a_part_of_it_in_any_case_and_without_accents(
    app: Flask, editor: FlaskClient, typed: str
) -> None:
    zoe = add(app, "Zoë Example", email="zoe@example.org")
    add(app, "Ann Other", email="ann@example.org")
    answer = find(editor, typed)
    assert entries_in(answer.text) == [zoe.hex()]
    assert "1 signature found." in answer.text
    assert "2 of 2 were read." in answer.text
    assert "Read on" not in answer.text


def test_letters_that_have_no_accents_are_found_as_people_type_them(app: Flask, editor: FlaskClient) -> None:
    lukasz = add(app, "Łukasz Strauß")
    assert entries_in(find(editor, "lukasz strauss").text) == [lukasz.hex()]


def test_invalidated_ones_are_found_too_and_erased_ones_are_not(app: Flask, editor: FlaskClient) -> None:
    taken_out = add(app, "Zoe Example", email="zoe@example.org", state=State.INVALIDATED)
    add(app, "Zoe Example", email="gone@example.org", state=State.WITHDRAWN)
    assert entries_in(find(editor, "zoe").text) == [taken_out.hex()]


def test_another_petitions_signers_are_not_found(app: Flask, editor: FlaskClient) -> None:
    make_petition(app, slug='"another"')
    make_signature(app, slug="another", name="Zoe Example")
    answer = find(editor, "zoe")
    assert entries_in(answer.text) == []
    assert "No signature of this petition has that name." in answer.text


def test_each_step_reads_on_and_shows_what_was_found_so_far(
    app: Flask, editor: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(name_search, "STEP_ROWS", 5)
    first = add_people(app, 10)[0]  # Person 0 to Person 9, all confirmed before NOON
    zoe = add(app, "Person Zoe", at=NOON)
    (invalid,) = add_people(app, 1, State.INVALIDATED)
    answer, found, read = find(editor, "zoe"), [], []
    while True:
        found.append(entries_in(answer.text))
        read += re.findall(r"(\d+) of 12 were read", answer.text)
        if "Read on" not in answer.text:
            break
        answer = read_on(editor, "zoe", answer)
    assert read == ["5", "10", "12"]
    assert found == [[zoe.hex()]] * 3
    answer = find(editor, "person 0")
    for _ in range(2):
        answer = read_on(editor, "person 0", answer)
    assert entries_in(answer.text) == [first.hex(), invalid.hex()]


def test_a_common_name_is_shown_fifty_at_a_time(app: Flask, editor: FlaskClient) -> None:
    ids = [one.hex() for one in reversed(add_people(app, 70))]
    answer = find(editor, "person")
    assert entries_in(answer.text) == ids[:50]
    answer = read_on(editor, "person", answer)
    assert entries_in(answer.text) == ids[50:]
    assert "Read on" not in answer.text


def test_the_place_in_a_search_is_good_for_its_organiser_and_name_alone(
    app: Flask, editor: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(name_search, "STEP_ROWS", 2)
    add_people(app, 4)
    place = place_in(find(editor, "person").text)
    other = signed_in(app, Role.EDITOR, email="edith@example.org")
    for browser, name, where in [(editor, "ann", place), (other, "person", place), (editor, "person", "x" + place)]:
        assert press(browser, browser.get(LIST).text, FIND, name=name, place=where).status_code == 404
    assert len(entries_in(find(editor, "PERSON", place=place).text)) == 4


def test_a_search_leaves_one_line_in_the_log_without_the_name(
    app: Flask, editor: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(name_search, "STEP_ROWS", 2)
    caplog.set_level(logging.DEBUG)
    add_people(app, 4)
    read_on(editor, "Zebedee", find(editor, "Zebedee"))
    assert [line for line in told(app) if line[0] == "sought"] == [("sought", {"by": "name"})]
    assert "Zebedee" not in caplog.text
    log = signed_in(app, Role.OWNER, email="owner@example.org").get(f"{BASE}/log").text
    assert "looked for signatures by name" in log and "Zebedee" not in log


@pytest.mark.parametrize("typed", ["", "  ", "\u0301", "a" * 201])
def test_what_is_no_name_is_refused(app: Flask, editor: FlaskClient, typed: str) -> None:
    answer = press(editor, editor.get(LIST).text, FIND, name=typed)
    assert answer.status_code == 422
    assert "name" in HtmlPage(answer.text).errors()
    assert not [line for line in told(app) if line[0] == "sought"]


def test_an_altered_row_is_passed_over(app: Flask, editor: FlaskClient) -> None:
    add(app, "Zoe Altered", email="a@example.org", at=NOON)
    zoe = add(app, "Zoe Example", email="zoe@example.org")
    with app.app_context(), transaction() as session:
        session.scalars(select(Signature).where(Signature.public_id != zoe)).one().country = "NO"
    assert entries_in(find(editor, "zoe").text) == [zoe.hex()]


def test_the_page_says_beforehand_that_it_takes_long(
    app: Flask, editor: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_people(app, 3)
    assert "an e-mail address is found at once" not in editor.get(LIST).text
    monkeypatch.setattr(name_search, "SLOW_FROM", 2)
    assert "an e-mail address is found at once" in editor.get(LIST).text


def test_an_old_session_must_confirm_the_password(app: Flask, petition: str) -> None:
    late = people.signed_in(app, "olga@example.org", Role.EDITOR, minutes_ago=60)
    answer = late.post(FIND, data={"name": "zoe"})
    assert answer.status_code == 302 and "/organise/verify" in answer.location
