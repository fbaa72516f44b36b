"""The list as CSV: parsing gives what the signers typed, and no cell is a formula."""

import csv
import io
from collections.abc import Iterator
from itertools import islice

import pytest
from flask import Flask
from hypothesis import example, given
from hypothesis import strategies as st

from app.export.csv import SIGNS, write_csv
from app.export.rows import COLUMNS, Choice, ExportRow
from app.models import State
from tests.export.listed import HEADING, NOON, add, made, parsed, row

pytestmark = pytest.mark.both_databases

# More signs than in usual text, as their position matters.
TYPED = st.lists(st.sampled_from([*SIGNS, *"\t\r\n ,;\"'\0a", "\u00a0", "\ufeff", "\u200b"]), max_size=6).map("".join)
ANYTHING = st.text(st.characters(exclude_categories=["Cs"])) | TYPED


def cells(*rows: ExportRow, choice: Choice | None = None) -> list[list[str]]:
    return parsed(write_csv(rows, choice or Choice(), HEADING))


def for_excel(*rows: ExportRow) -> str:
    return b"".join(write_csv(rows, Choice(), HEADING, for_excel=True)).decode("utf-16")


def test_a_line_has_every_column(app: Flask, petition: str) -> None:
    add(app, "Анна Пример", "Читательница", 'She said: "no",\nمرحبا 你好', country="SE")
    assert parsed([made(app, "csv")]) == [
        list(COLUMNS),
        [
            "1", "Анна Пример", "Читательница", "SE", 'She said: "no",\nمرحبا 你好', "en", "1", "2026-11-23T12:00:00Z",
            "public",
        ],
    ]  # fmt: skip


def test_state_and_email_are_there_on_request() -> None:
    choice = Choice(states=frozenset({State.INVALIDATED}), with_email=True)
    found = cells(row(state="invalidated", email="ann@example.org"), choice=choice)
    assert found[0][9:] == ["state", "email"]
    assert found[1][8:] == ["public", "invalidated", "ann@example.org"]


def test_an_unnamed_signer_is_a_number_and_empty_cells() -> None:
    empty = ExportRow(7, "", "", "", "", "", None, None, "", "", "")
    assert b"".join(write_csv([empty], Choice(for_addressee=True), HEADING)).endswith(b"\r\n7,,,,,,,,\r\n")


def test_the_file_is_utf8_without_bom_and_with_crlf() -> None:
    whole = b"".join(write_csv([row(1), row(2)], Choice(), HEADING))
    assert whole.startswith(b"number,name,")
    assert whole.count(b"\r\n") == whole.count(b"\n") == 3
    assert whole.endswith(b"\r\n")


@pytest.mark.parametrize("for_excel", [False, True])
def test_if_the_rows_fail_the_last_line_says_so(for_excel: bool) -> None:
    def broken() -> Iterator[ExportRow]:
        yield row(1)
        raise ConnectionError

    pieces: list[bytes] = []
    writing = write_csv(broken(), Choice(), HEADING, for_excel=for_excel)
    with pytest.raises(ConnectionError):
        pieces.extend(writing)
    text = b"".join(pieces).decode("utf-16" if for_excel else "utf-8")
    assert text.splitlines()[-1] == '"Cut_Off"'
    assert "Ann Example" in text


@given(ANYTHING, ANYTHING, ANYTHING)
@example("=1+1", "@SUM(A1)", "-2+3")
@example("\t=1", "\r=1", " \n =1")
@example("＝1", "＋1", "\ufeff@x")
@example('=HYPERLINK("http://example.org")', '","', '"')
def test_parsing_gives_what_was_typed_with_a_quote_before_formulas(name: str, affiliation: str, comment: str) -> None:
    found = cells(row(name=name, affiliation=affiliation, comment=comment))[1]
    for said, cell in ((name, found[1]), (affiliation, found[2]), (comment, found[4])):
        assert cell in {said, f"'{said}"}
        dangerous = said.startswith(("\t", "\r")) or said.strip().startswith(tuple(SIGNS))
        assert cell.startswith("'") or not dangerous
        if said[:1].isalnum():
            assert cell == said


@given(st.lists(ANYTHING, max_size=3))
def test_excel_gets_utf16_with_tabs_and_parses_the_same(names: list[str]) -> None:
    rows = [row(number, name=name) for number, name in enumerate(names, 1)]
    text = for_excel(*rows)
    found = list(csv.reader(io.StringIO(text, newline=""), dialect="excel-tab"))
    for people, programs in zip(found[1:], cells(*rows)[1:], strict=True):
        assert people[3] == "Sweden"
        assert people[:3] + people[4:] == programs[:3] + programs[4:]


def test_countries_are_codes_or_for_excel_names() -> None:
    rows = [row(1), row(2, country="")]
    assert [line[3] for line in cells(*rows)[1:]] == ["SE", ""]
    assert [line.split("\t")[3] for line in for_excel(*rows).splitlines()[1:]] == ["Sweden", ""]


def test_excel_gets_a_byte_order_mark_and_translated_column_names() -> None:
    whole = b"".join(write_csv([], Choice(), HEADING, for_excel=True))
    assert whole.startswith(b"\xff\xfe\x22\x00")
    assert for_excel().startswith('"Number"\t"Name"')


def test_the_column_names_come_before_any_row_is_read() -> None:
    def rows() -> object:
        raise AssertionError("read too early")
        yield row()

    assert next(write_csv(rows(), Choice(), HEADING)).startswith(b"number,")  # type: ignore[arg-type]


def test_a_long_list_is_yielded_in_chunks() -> None:
    pieces = list(write_csv((row(number) for number in range(1, 5000)), Choice(), HEADING))
    assert len(pieces) > 5
    assert max(map(len, pieces)) < 2 * 64 * 1024
    assert len(parsed(pieces)) == 5000


def test_the_time_is_cut_to_the_second_and_never_rounded_up() -> None:
    assert cells(row(verified_at=NOON.replace(hour=1, minute=2, second=59, microsecond=999_999)))[1][7] == (
        "2026-11-23T01:02:59Z"
    )


def test_closing_the_generator_stops_reading_rows() -> None:
    taken = []

    def rows() -> object:
        for number in range(1, 100_000):
            taken.append(number)
            yield row(number)

    pieces = write_csv(rows(), Choice(), HEADING)  # type: ignore[arg-type]
    list(islice(pieces, 2))
    pieces.close()
    assert 0 < len(taken) < 2000
