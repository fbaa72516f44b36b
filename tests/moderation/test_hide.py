"""Hiding: the petition's page shows less, the count stays, and the log records it."""

import os

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.moderation.hide import HideablePart, hide_part, show_part
from tests.factories import make_draft, make_petition, make_signature, verified
from tests.moderation.act import told
from tests.signers.own_entry import link_to
from tests.watching.people import petition_id_of

pytestmark = pytest.mark.both_databases


@pytest.fixture
def shown(app: Flask, petition: str) -> bytes:
    """A verified public signature."""
    return make_signature(app, name="Zoe Example")


def test_a_hidden_name_is_not_on_the_page_but_counts(app: Flask, client: FlaskClient, shown: bytes) -> None:
    with app.app_context():
        assert hide_part(petition_id_of(), shown, HideablePart.NAME, None)
    page = client.get("/petitions/save-the-test-library").text
    assert "Zoe Example" not in page and "I read." not in page
    assert verified(client) == 1
    with app.app_context():
        assert show_part(petition_id_of(), shown, HideablePart.NAME, None)
    assert "Zoe Example" in client.get("/petitions/save-the-test-library").text


def test_hiding_a_comment_keeps_the_name(app: Flask, client: FlaskClient, shown: bytes) -> None:
    with app.app_context():
        assert hide_part(petition_id_of(), shown, HideablePart.COMMENT, None)
    page = client.get("/petitions/save-the-test-library").text
    assert "Zoe Example" in page and "I read." not in page


def test_each_act_is_logged_once(app: Flask, shown: bytes) -> None:
    with app.app_context():
        petition_id = petition_id_of()
        assert [hide_part(petition_id, shown, HideablePart.COMMENT, None) for _ in range(2)] == [True, False]
        assert [show_part(petition_id, shown, HideablePart.COMMENT, None) for _ in range(2)] == [True, False]
    assert told(app)[-2:] == [("hid", {"part": "comment"}), ("showed", {"part": "comment"})]


def test_unknown_entries_and_those_of_another_petition_are_not_hidden(app: Flask, shown: bytes) -> None:
    other = make_petition(app, slug='"another"')
    with app.app_context():
        assert not hide_part(petition_id_of(other), shown, HideablePart.NAME, None)
        assert not hide_part(petition_id_of(), os.urandom(16), HideablePart.NAME, None)


def test_a_draft_is_never_on_the_page(app: Flask, client: FlaskClient, petition: str) -> None:
    draft = make_draft(app, name="Zoe Example")
    before = client.get(f"/petitions/{petition}").text
    with app.app_context():
        assert not hide_part(petition_id_of(), draft, HideablePart.NAME, None)
        assert not show_part(petition_id_of(), draft, HideablePart.NAME, None)
    assert client.get(f"/petitions/{petition}").text == before
    assert "Zoe" not in before


@pytest.mark.parametrize("part", HideablePart)
def test_its_signer_sees_on_the_entry_what_was_taken_off_the_page(
    app: Flask, client: FlaskClient, shown: bytes, part: HideablePart
) -> None:
    own = link_to(app, shown)
    words = f"The organisers have taken your {part.value} off the page."
    assert words not in client.get(own).text
    with app.app_context():
        assert hide_part(petition_id_of(), shown, part, None)
    assert words in client.get(own).text
