"""The signatures that figures are measured on are exported like real ones: else `make bench` ends with an error."""

import csv
from contextlib import ExitStack

import pytest

from app.export.handover import begin_handover
from app.export.list_stream import stream_list
from app.export.rows import Choice
from app.models import Format, Visibility
from bench import people
from bench.stage import Stage


@pytest.mark.parametrize("visibility", Visibility)
def test_each_opens_and_is_handed_over(visibility: Visibility) -> None:
    with ExitStack() as stack:
        stage = Stage(stack)
        database = stage.database("made_up")
        app = stage.app(database)
        with stage.connect(database) as connection:
            people.make_verified(app, connection, 3, visibility)
        with app.app_context():
            edition = people.edition()
            handover = begin_handover(edition.petition, None, Format.CSV, Choice(), "a test")
            text = b"".join(stream_list(edition, handover)).decode("utf-8-sig")
    names = [f"Ann Example the {number}th" for number in (1, 2, 3)]
    assert [row["name"] for row in csv.DictReader(text.splitlines())] == names
