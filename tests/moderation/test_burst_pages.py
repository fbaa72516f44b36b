"""Pages about bursts: the number on the dashboard, the reason in the list, and marking as fine."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.models import Clue, Role
from tests.moderation.act import counted, told
from tests.moderation.test_bursts import flag, group, timedelta
from tests.moderation.test_pages import answers, look
from tests.watching.organiser import BASE, entries_in, press, signed_in
from tests.watching.people import add_people

LIST = f"{BASE}/signatures"


@pytest.fixture
def editor(app: Flask, petition: str) -> FlaskClient:
    """A signed-in editor's browser."""
    return signed_in(app, Role.EDITOR)


def names(people: list[bytes]) -> set[str]:
    return {one.hex() for one in people}


def test_the_dashboard_shows_editors_the_number_with_a_link_to_the_list_and_viewers_nothing_of_it(
    app: Flask, editor: FlaskClient
) -> None:
    add_people(app, 3)
    assert "suspicious" not in editor.get(BASE).text
    burst = group(app, Clue.NETWORK, 12, timedelta(minutes=1))
    flag(app)
    page = editor.get(BASE).text
    assert "12 verified signatures look suspicious." in page
    link = re.search(r'href="([^"]*clue=any[^"]*)"', page)
    assert link
    assert set(entries_in(editor.get(link[1].replace("&amp;", "&")).text)) == names(burst)
    # A viewer could fill a burst but for one place, and take that with a form in another person's name.
    assert "suspicious" not in signed_in(app, Role.VIEWER, email="vera@example.org").get(BASE).text


@pytest.mark.parametrize(
    ("clue", "number", "words"),
    [
        (Clue.NETWORK, 10, "Worth a look: one of 10 or more from one internet connection, confirmed within 10 minutes"),
        (
            Clue.DOMAIN,
            20,
            (
                "Worth a look: one of 20 or more whose addresses end alike after the @, belong to forwarding services,"
                " or are alike but for their numbers, confirmed within 60 minutes"
            ),
        ),
    ],
)
def test_each_flagged_signature_shows_the_reason(
    app: Flask, editor: FlaskClient, clue: Clue, number: int, words: str
) -> None:
    add_people(app, 3)
    burst = group(app, clue, number, timedelta(minutes=1))
    flag(app)
    assert editor.get(LIST).text.count(words) == number
    only = editor.get(f"{LIST}?clue={clue}").text
    assert set(entries_in(only)) == names(burst) and only.count(words) == number
    assert "real" in only
    assert words in editor.get(f"{LIST}/{burst[0].hex()}").text
    other = Clue.DOMAIN if clue == Clue.NETWORK else Clue.NETWORK
    assert entries_in(editor.get(f"{LIST}?clue={other}").text) == []


def test_ticked_signatures_are_marked_as_fine_after_a_preview(app: Flask, editor: FlaskClient) -> None:
    one, two, *_ = group(app, Clue.NETWORK, 10, timedelta(minutes=1))
    flag(app)
    page = look(editor, "dismiss", entry=[one.hex(), two.hex()])
    assert "This will mark 2 signatures as fine" in page
    assert editor.get(LIST).text.count("Worth a look:") == 10
    assert editor.post(f"{LIST}/dismiss", data=answers(page)).status_code == 303
    assert editor.get(LIST).text.count("Worth a look:") == 8
    assert counted(app) == 10
    assert told(app)[-1] == ("looked", {"number": 2})
    owner = signed_in(app, Role.OWNER, email="owner@example.org")
    assert "marked 2 signatures as fine that looked suspicious" in owner.get(f"{BASE}/log").text


def test_all_that_match_the_filter_are_marked_as_fine_but_not_later_ones(app: Flask, editor: FlaskClient) -> None:
    group(app, Clue.NETWORK, 10, timedelta(minutes=1))
    flag(app)
    page = look(editor, "dismiss", all="1", clue="network")
    assert "This will mark 10 signatures as fine" in page
    group(app, Clue.NETWORK, 11, timedelta(minutes=1), b"other".ljust(32))
    flag(app)
    again = editor.post(f"{LIST}/dismiss", data=answers(page))
    assert again.status_code == 409 and "This will mark 21 signatures as fine" in again.text
    done = editor.post(f"{LIST}/dismiss", data=answers(again.text))
    assert done.status_code == 303 and "clue=network" in done.location
    assert "21 signatures are marked as fine." in editor.get(done.location).text
    assert "part of a burst." not in editor.get(BASE).text


def test_without_bursts_there_is_no_button_to_mark(app: Flask, editor: FlaskClient) -> None:
    (one,) = add_people(app, 1)
    assert "are fine…" not in editor.get(LIST).text
    assert "There is nothing to look at" in look(editor, "dismiss", entry=one.hex())


@pytest.mark.parametrize("clue", ["all", "network,domain", "NETWORK"])
def test_an_unknown_clue_selects_nobody(app: Flask, editor: FlaskClient, clue: str) -> None:
    assert editor.get(LIST, query_string={"clue": clue}).status_code == 404
    assert press(editor, editor.get(BASE).text, f"{LIST}/dismiss", all="1", clue=clue).status_code == 400


def test_viewers_cannot_mark_as_fine(app: Flask, petition: str) -> None:
    (one,) = add_people(app, 1)
    viewer = signed_in(app, Role.VIEWER)
    assert press(viewer, viewer.get(BASE).text, f"{LIST}/dismiss", entry=one.hex()).status_code == 404
