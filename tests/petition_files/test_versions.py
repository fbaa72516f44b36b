"""Versions: texts and privacy notices are insert-only, so the version that somebody signed never changes."""

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.crypto import tokens
from app.petition_files.importing import Outcome, import_file
from tests.factories import (
    CONTROLLER,
    SLUG,
    make_draft,
    make_signature,
    petition_file,
    press_confirm,
    signatures,
    verified,
)
from tests.petitions.conftest import Import
from tests.petitions.stored import notices, texts

pytestmark = pytest.mark.both_databases


def test_a_file_written_differently_with_the_same_values_makes_no_new_version(
    app: Flask, bring: Import, tmp_path: Path
) -> None:
    bring("One.\n\nTwo.")
    path = tmp_path / "from-another-editor.md"
    path.write_bytes(b"\xef\xbb\xbf" + petition_file("\nOne.\n\nTwo.\n\n").replace("\n", "\r\n").encode())
    with app.app_context():
        assert import_file(path).outcome == Outcome.UNCHANGED
    assert len(texts(app)) == 1


@pytest.mark.parametrize(
    ("changed", "column"),
    [
        ({"title": '"Other words"'}, "title"),
        ({"statement": '"Other words"'}, "statement"),
        ({"body": "Other words"}, "body"),
    ],
)
def test_a_changed_text_makes_a_new_version_and_old_signatures_keep_theirs(
    app: Flask, client: FlaskClient, bring: Import, changed: dict[str, str], column: str
) -> None:
    bring()
    make_signature(app)
    (old,) = texts(app)
    assert bring(**changed) == Outcome.NEW_TEXT
    first, second = texts(app)
    assert (first.version, first.title, first.statement, first.body) == (1, old.title, old.statement, old.body)
    assert (second.version, getattr(second, column)) == (2, "Other words")
    assert [signature.text_id for signature in signatures(app)] == [first.id]
    assert len(notices(app)) == 1
    assert "Other words" in client.get(f"/petitions/{SLUG}").text
    assert verified(client) == 1


def test_going_back_to_an_earlier_text_makes_a_third_version(app: Flask, client: FlaskClient, bring: Import) -> None:
    for title in ("First", "Second", "First"):
        bring(title=f'"{title}"')
    assert [(text.version, text.title) for text in texts(app)] == [(1, "First"), (2, "Second"), (3, "First")]
    assert "<h1" in client.get(f"/petitions/{SLUG}").text


def test_a_draft_keeps_text_and_notice_of_its_form_and_so_does_the_signature_it_becomes(
    app: Flask, client: FlaskClient, bring: Import
) -> None:
    bring()
    draft = make_draft(app)
    bring(title='"Other words"', addressed_to='"The Mayor"')
    with app.app_context():
        link = f"/confirm/{tokens.make_token(tokens.Purpose.CONFIRM, draft)}"
    page = client.get(link).text
    assert "Save the test library" in page
    assert "The Town Council of Testville" in page
    assert "Other words" not in page
    press_confirm(client, link)
    (signature,) = signatures(app)
    assert (signature.text_id, signature.notice_id) == (texts(app)[0].id, notices(app)[0].id)


@pytest.mark.parametrize(
    ("changed", "column", "said"),
    [
        ({"addressed_to": '"The Mayor"'}, "addressed_to", "The Mayor"),
        ({"erase_after_days": "30"}, "erase_after_days", 30),
        ({"privacy": '"Ask us."'}, "more", "Ask us."),
        ({"controller": CONTROLLER.replace("Test Library Club", "New Club")}, "controller_name", "New Club"),
        ({"controller": CONTROLLER.replace("1 Test Street, ", "")}, "controller_address", "Testville"),
        ({"controller": CONTROLLER.replace("data@", "new@")}, "controller_email", "new@example.org"),
    ],
)
def test_a_changed_notice_makes_a_new_version_and_old_signatures_keep_theirs(
    app: Flask, client: FlaskClient, bring: Import, changed: dict[str, str], column: str, said: object
) -> None:
    bring()
    make_signature(app)
    before = notices(app)[0].says()
    assert bring(**changed) == Outcome.UPDATED
    first, second = notices(app)
    assert first.says() == before
    assert second.says() == before | {column: said}
    assert (first.version, second.version) == (1, 2)
    assert [signature.notice_id for signature in signatures(app)] == [first.id]
    assert len(texts(app)) == 1
    assert str(said) in client.get(f"/petitions/{SLUG}").text
