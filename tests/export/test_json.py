"""The list as JSON: the whole file parses, and one that was cut off does not."""

import json
from datetime import timedelta

import pytest
from flask import Flask

from app import clock
from app.export.json import write_json
from app.export.rows import Choice, ExportRow
from app.models import State
from tests.export.listed import HEADING, NOON, add, made, row


def whole(*rows: ExportRow, choice: Choice | None = None) -> bytes:
    return b"".join(write_json(rows, choice or Choice(), HEADING))


def test_the_file_has_the_petition_and_every_column(app: Flask, petition: str) -> None:
    add(app, "Анна Пример", "第一", 'She said: "no",\nمرحبا')
    found = json.loads(made(app, "json"))
    at = found.pop("exported_at")
    assert at.endswith("Z")
    assert found == {
        "petition": petition,
        "title": "Save the test library",
        "language": "en",
        "rows": [
            {
                "number": 1,
                "name": "Анна Пример",
                "affiliation": "第一",
                "country": "SE",
                "comment": 'She said: "no",\nمرحبا',
                "language": "en",
                "text_version": 1,
                "verified_at": clock.iso(NOON),
                "visibility": "public",
            }
        ],
        "count": 1,
    }


def test_state_and_email_are_there_on_request() -> None:
    choice = Choice(states=frozenset({State.INVALIDATED}), with_email=True)
    found = json.loads(whole(row(state="invalidated", email="ann@example.org"), choice=choice))
    assert list(found["rows"][0].items())[-4:] == [
        ("verified_at", clock.iso(NOON + timedelta(seconds=1))),
        ("visibility", "public"),
        ("state", "invalidated"),
        ("email", "ann@example.org"),
    ]


def test_an_unnamed_signer_is_a_number_and_empty_fields() -> None:
    empty = ExportRow(7, "", "", "", "", "", None, None, "", "", "")
    (found,) = json.loads(whole(empty, choice=Choice(for_addressee=True)))["rows"]
    assert {name: value for name, value in found.items() if value not in {"", None}} == {"number": 7}


def test_an_empty_list_is_valid_json() -> None:
    found = json.loads(whole())
    assert (found["rows"], found["count"]) == ([], 0)


def test_a_file_that_was_cut_off_does_not_parse() -> None:
    text = whole(row(1), row(2, name="Bob"), row(3, comment="}]}"))
    assert list(json.loads(text))[-2:] == ["rows", "count"]
    for length in range(len(text.rstrip())):
        with pytest.raises(ValueError, match=r"\w"):
            json.loads(text[:length].decode("utf-8", "ignore"))


def test_a_long_list_is_yielded_in_chunks() -> None:
    pieces = list(write_json((row(number) for number in range(1, 5000)), Choice(), HEADING))
    assert len(pieces) > 5
    assert json.loads(b"".join(pieces))["count"] == 4999
