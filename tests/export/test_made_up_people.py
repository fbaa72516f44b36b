"""The people that figures are measured on: as many as were asked for, and exported like real ones.

Else `make bench` measures something else than it says, or ends with an error.
"""

import csv
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psycopg
import pytest

from app.export.handover import begin_handover
from app.export.list_stream import stream_list
from app.export.rows import Choice
from app.models import Format, Visibility
from bench import people
from bench.stage import Stage

MakeMany = Callable[[psycopg.Connection, int, int], None]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """What the bench stands on, with a PostgreSQL of its own."""
    with ExitStack() as stack:
        yield Stage(stack)


@pytest.mark.parametrize("visibility", Visibility)
def test_each_opens_and_is_handed_over(stage: Stage, visibility: Visibility) -> None:
    database = stage.database(f"made_up_{visibility}")
    app = stage.app(database)
    with stage.connect(database) as connection:
        people.make_verified(app, connection, 3, visibility)
    with app.app_context():
        edition = people.edition()
        handover = begin_handover(edition.petition, None, Format.CSV, Choice(), "a test")
        text = b"".join(stream_list(edition, handover)).decode("utf-8-sig")
    names = [f"Ann Example the {number}th" for number in (1, 2, 3)]
    assert [row["name"] for row in csv.DictReader(text.splitlines())] == names


@pytest.mark.parametrize(
    ("table", "make"), [("draft", people.make_many_drafts), ("signature", people.make_many_verified)]
)
def test_as_many_are_made_as_asked_though_the_petition_has_several_texts(
    stage: Stage, table: str, make: MakeMany
) -> None:
    database = stage.database(f"made_many_{table}")
    with stage.connect(database) as connection:
        texts = connection.execute("SELECT count(*) FROM petition_text").fetchone()
        assert texts and texts[0] > 1, "an example with one text shows nothing"
        make(connection, 1, 4)
        make(connection, 5, 7)
        made = connection.execute(
            f"SELECT count(*), count(DISTINCT made.public_id) FROM {table} AS made"
            " JOIN petition ON petition.id = made.petition_id"
            " JOIN petition_text ON petition_text.id = made.text_id AND petition_text.language = petition.language"
        )
        assert made.fetchone() == (7, 7)
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (7,)
