"""The editors' list of signatures: filters, finding one by e-mail address, and no address on the page."""

import logging
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.models import Role, State
from tests.factories import drafts, make_mailbox, make_petition, make_signature
from tests.html_page import HtmlPage
from tests.watching.organiser import BASE, entries_in, press, signed_in
from tests.watching.people import NOON, add_people

LIST = f"{BASE}/signatures"


@pytest.fixture
def editor(app: Flask, petition: str) -> FlaskClient:
    """A signed-in editor's browser."""
    return signed_in(app, Role.EDITOR)


def test_signatures_are_listed_without_email_addresses(app: Flask, editor: FlaskClient) -> None:
    make_signature(app, name="Zoe <b>Example</b>", email="zoe@example.org")
    page = editor.get(LIST)
    assert "Zoe &lt;b&gt;Example" in page.text
    for words in ("Reader", "I read.", "Sweden", "English", "text version 1", "seen by everyone", "Verified"):
        assert words in page.text
    assert "zoe@" not in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_pages_link_to_older_and_newer_ones(app: Flask, editor: FlaskClient) -> None:
    ids = [one.hex() for one in reversed(add_people(app, 120))]
    seen, path = [], LIST
    while path:
        page = HtmlPage(editor.get(path).text)
        seen.append([one.get("value") for one in page.all("input", name="entry")])
        path = next((one.get("href") or "" for one in page.all("a", rel="next")), "")
        back = [one.get("href") or "" for one in page.all("a", rel="prev")]
        if back:
            assert entries_in(editor.get(back[0]).text) == seen[-2]
    assert [len(one) for one in seen] == [50, 50, 20]
    assert [entry for one in seen for entry in one] == ids


def test_the_filter_is_kept_on_the_next_page(app: Flask, editor: FlaskClient) -> None:
    add_people(app, 60, country="NO")
    add_people(app, 60, country="SE")
    page = HtmlPage(editor.get(f"{LIST}?state=verified&country=NO&day={NOON.date()}").text)
    (following,) = [one.get("href") or "" for one in page.all("a", rel="next")]
    assert len(entries_in(editor.get(following).text)) == 10
    assert [one.get("value") for one in page.all("option") if one.get("selected") is not None] == ["verified", "NO"]


def test_a_filter_without_matches_shows_a_message(app: Flask, editor: FlaskClient) -> None:
    add_people(app, 1)
    assert "No signature matches this filter." in editor.get(f"{LIST}?state=withdrawn").text
    assert "Nobody has signed yet." not in editor.get(f"{LIST}?state=withdrawn").text


@pytest.mark.parametrize("query", ["state=counted", "country=QQ", "day=soon", "from=nowhere", "from=%00", "before=x"])
def test_an_invalid_query_is_a_404(app: Flask, editor: FlaskClient, query: str) -> None:
    assert editor.get(f"{LIST}?{query}").status_code == 404


@pytest.mark.parametrize("typed", ["a.nn+tag@gmail.com", " ANN@googlemail.com "])
def test_a_signature_is_found_by_any_spelling_of_its_mailbox(app: Flask, editor: FlaskClient, typed: str) -> None:
    mine = make_signature(app, email="ann@gmail.com")
    add_people(app, 3)
    answer = press(editor, editor.get(LIST).text, f"{LIST}/find", email=typed)
    assert answer.status_code == 200
    assert entries_in(answer.text) == [mine.hex()]


def test_the_address_searched_for_is_in_no_url_or_log(
    app: Flask, editor: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = press(editor, editor.get(LIST).text, f"{LIST}/find", email="nobody@example.org")
    assert "No signature of this petition belongs to that address." in answer.text
    assert answer.status_code == 200 and "Location" not in answer.headers
    assert "nobody@" not in "".join(str(value) for value in answer.headers.values()) + caplog.text


@pytest.mark.parametrize("has", ["draft", "declined"])
def test_a_mailbox_that_confirmed_nothing_is_not_found_or_listed(app: Flask, editor: FlaskClient, has: str) -> None:
    make_mailbox(app, has, "ann@example.org")
    answer = press(editor, editor.get(LIST).text, f"{LIST}/find", email="ann@example.org")
    assert "No signature of this petition belongs to that address." in answer.text
    assert entries_in(editor.get(LIST).text) == []
    for draft in drafts(app):
        assert editor.get(f"{LIST}/{draft.public_id.hex()}").status_code == 404


def test_part_of_an_address_cannot_be_searched_for(app: Flask, editor: FlaskClient) -> None:
    answer = press(editor, editor.get(LIST).text, f"{LIST}/find", email="example.org")
    assert answer.status_code == 422
    assert HtmlPage(answer.text).errors() == {"email": "Please type the whole address."}


def test_another_petitions_signer_is_not_found(app: Flask, editor: FlaskClient) -> None:
    make_petition(app, slug='"another"')
    stranger = make_signature(app, slug="another")
    answer = press(editor, editor.get(LIST).text, f"{LIST}/find", email="ann@example.org")
    assert entries_in(answer.text) == []
    assert editor.get(f"{LIST}/{stranger.hex()}").status_code == 404


@pytest.mark.parametrize("entry", ["1", "ab" * 16, "AB" * 16, "find", "%00"])
def test_an_unknown_entry_is_a_404(app: Flask, editor: FlaskClient, entry: str) -> None:
    assert editor.get(f"{LIST}/{entry}").status_code == 404


def test_a_signature_in_each_state_has_a_page(app: Flask, editor: FlaskClient) -> None:
    offered = {State.VERIFIED: "Invalidate…", State.INVALIDATED: "Restore…"}
    for state in State:
        (one,) = add_people(app, 1, state, took=timedelta(seconds=1))
        page = editor.get(f"{LIST}/{one.hex()}").text
        assert [words for words in offered.values() if words in page] == [
            words for words in (offered.get(state),) if words
        ]
        assert ("Data erased" in page) == (state == State.WITHDRAWN)
