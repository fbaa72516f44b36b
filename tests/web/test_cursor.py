"""Cursors: decoding gives what was encoded, and anything else is refused."""

from datetime import UTC, datetime

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from app.web.cursor import BadCursor, Cursor

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@given(
    moment=st.datetimes(min_value=NOON.replace(tzinfo=None, year=1900)).map(
        lambda one: one.replace(tzinfo=NOON.tzinfo)
    ),
    public_id=st.binary(min_size=16, max_size=16),
    newer=st.booleans(),
)
def test_decoding_gives_the_encoded_cursor(moment: datetime, public_id: bytes, newer: bool) -> None:
    cursor = Cursor(moment, public_id, newer)
    assert Cursor.decode(cursor.encode()) == cursor


@given(text=st.text(max_size=60))
def test_any_other_text_is_refused(text: str) -> None:
    try:
        cursor = Cursor.decode(text)
    except BadCursor:
        return
    assert len(cursor.row_id) == 16


@pytest.mark.parametrize("raw", ["_" * 34, "AH" + "_" * 32, "Ag" + "A" * 32])
def test_a_cursor_with_an_impossible_date_is_refused(raw: str) -> None:
    with pytest.raises(BadCursor):
        Cursor.decode(raw)


def test_an_encrypted_cursor_works_for_its_purpose_and_row_alone(app: Flask) -> None:
    cursor = Cursor(NOON, b"\0" * 7 + b"\x05")
    with app.app_context():
        text = cursor.encrypt("names", b"petition")
        assert text == cursor.encrypt("names", b"petition")
        assert Cursor.decrypt("names", b"petition", text) == cursor
        for purpose, about, other in (
            ("else", b"petition", text),
            ("names", b"another", text),
            ("names", b"petition", "x"),
        ):
            with pytest.raises(BadCursor):
                Cursor.decrypt(purpose, about, other)
