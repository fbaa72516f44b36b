"""The list as a workbook: openpyxl finds real dates, a frozen line of column names, and no formulas."""

import io
import zipfile
from datetime import UTC, datetime, timedelta
from itertools import islice

import openpyxl
import pytest
from flask import Flask
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet

from app.export import xlsx
from app.export.rows import Choice, ExportRow
from app.export.xlsx import write_xlsx
from app.models import State
from tests.export.listed import HEADING, NOON, add, made, row

UNHOLDABLE = {*map(chr, range(32)), "\ufffe", "\uffff"} - {"\t", "\n", "\r"}


def loaded(whole: bytes) -> list[Worksheet]:
    assert zipfile.ZipFile(io.BytesIO(whole)).testzip() is None
    return list(openpyxl.load_workbook(io.BytesIO(whole)).worksheets)


def sheet_of(*rows: ExportRow, choice: Choice | None = None) -> Worksheet:
    (sheet,) = loaded(b"".join(write_xlsx(rows, choice or Choice(), HEADING)))
    return sheet


def values(sheet: Worksheet) -> list[list[object]]:
    return [[cell.value for cell in line] for line in sheet.iter_rows()]


def test_a_row_has_every_column_with_real_dates_and_numbers(app: Flask, petition: str) -> None:
    add(app, "Анна Пример", "第一", 'She said: "no",\nمرحبا & <b>')
    (sheet,) = loaded(made(app, "xlsx"))
    at = NOON.replace(tzinfo=None, microsecond=0)
    assert values(sheet) == [
        [
            "Number", "Name", "Title or affiliation", "Country", "Comment", "Language", "Text version",
            "Verified at (UTC)", "Visibility",
        ],
        [1, "Анна Пример", "第一", "Sweden", 'She said: "no",\nمرحبا & <b>', "en", 1, at, "public"],
    ]  # fmt: skip
    assert sheet["H2"].is_date
    assert sheet["H2"].number_format.replace("\\", "") == "yyyy-mm-dd hh:mm:ss"


@pytest.mark.parametrize(
    ("name", "number", "named"),
    [
        ("Signatures", 1, "Signatures"),
        ("Signatures", 2, "Signatures 2"),
        ("It's 'quoted'", 1, "It's 'quoted"),
        ("a/b:c*d?e[f]g\\h", 1, "a b c d e f g h"),
        ("Подписи " * 9, 12, "Подписи Подписи Подписи Подп 12"),
    ],
)
def test_a_sheets_name_is_valid_in_excel(name: str, number: int, named: str) -> None:
    assert xlsx.sheet_name(name, number) == named
    assert len(named) <= 31


def test_the_second_sheet_is_numbered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MAX_ROWS_PER_SHEET", 2)
    whole = b"".join(write_xlsx([row(1), row(2)], Choice(), HEADING))
    assert [sheet.title for sheet in loaded(whole)] == ["Sheet", "Sheet 2"]


def test_column_names_are_bold_and_frozen() -> None:
    sheet = sheet_of(row())
    assert sheet.freeze_panes == "A2"
    assert all(cell.font.b for cell in sheet[1])
    assert not sheet["B2"].font.b
    assert sheet.column_dimensions["B"].width == 30
    assert sheet.column_dimensions["E"].width == 60


def test_state_and_email_are_there_on_request() -> None:
    choice = Choice(states=frozenset({State.INVALIDATED}), with_email=True)
    found = values(sheet_of(row(state="invalidated", email="ann@example.org"), choice=choice))
    assert found[1][8:] == ["public", "invalidated", "ann@example.org"]


def test_an_unnamed_signer_is_a_number_and_empty_cells() -> None:
    empty = ExportRow(7, "", "", "", "", "", None, None, "", "", "")
    assert values(sheet_of(empty))[1] == [7, *[None] * 8]


@given(st.text(st.characters(), max_size=20), st.sampled_from(["", "=", "+", "-", "@", "\t="]))
@example("1+1", "=")
@example("]]>&amp;<c/>", "")
@example("\x00\x0b\x1f\ufffe\uffff\ud800", "")
@example("  kept  \r\n ", "")
def test_typed_text_stays_text(typed: str, sign: str) -> None:
    sheet = sheet_of(row(comment=sign + typed))
    cell = sheet["E2"]
    expected = "".join("\ufffd" if c in UNHOLDABLE or "\ud800" <= c <= "\udfff" else c for c in sign + typed)
    assert (cell.value or "").replace("_x005F_", "_") == expected
    assert cell.data_type == ("s" if sign + typed else "n"), "an empty cell counts as a number, a formula as f"


def test_text_that_looks_like_an_escaped_character_stays_as_typed() -> None:
    whole = b"".join(write_xlsx([row(comment="_x0041_ and _xylophone")], Choice(), HEADING))
    sheet = zipfile.ZipFile(io.BytesIO(whole)).read("xl/worksheets/sheet1.xml").decode()
    assert "_x005F_x0041_ and _xylophone" in sheet


@given(st.integers(0, 3_000_000_000))
def test_times_are_exact_to_the_second(seconds: int) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    sheet = sheet_of(row(verified_at=moment))
    assert abs(sheet["H2"].value - moment.replace(tzinfo=None)) < timedelta(milliseconds=2)


@pytest.mark.parametrize(
    ("limit", "most"), [("MAX_ROWS_PER_SHEET", 4), ("MAX_ROWS_PER_SHEET", 5), ("MAX_BYTES_PER_SHEET", 2000)]
)
def test_rows_beyond_one_sheet_go_to_the_next(monkeypatch: pytest.MonkeyPatch, limit: str, most: int) -> None:
    monkeypatch.setattr(xlsx, limit, most)
    monkeypatch.setattr(xlsx, "ROWS_PER_CHUNK", 2)
    for number in range(14):
        sheets = loaded(b"".join(write_xlsx([row(n) for n in range(1, number + 1)], Choice(), HEADING)))
        numbers = [line[0] for sheet in sheets for line in values(sheet)[1:]]
        assert numbers == list(range(1, number + 1))
        assert all(values(sheet)[0][0] == "Number" for sheet in sheets)
        assert all(len(values(sheet)) > 1 for sheet in sheets) or number == 0
        if limit == "MAX_ROWS_PER_SHEET":
            assert len(sheets) == max(1, -(-number // (most - 1)))
    assert len(sheets) > 2


def test_the_first_chunk_comes_before_any_row_is_read() -> None:
    def rows() -> object:
        raise AssertionError("read too early")
        yield row()

    assert next(write_xlsx(rows(), Choice(), HEADING)).startswith(b"PK")  # type: ignore[arg-type]


def test_a_file_that_was_cut_off_does_not_open() -> None:
    whole = b"".join(write_xlsx([row(1), row(2)], Choice(), HEADING))
    for length in range(0, len(whole) - 1, 7):
        with pytest.raises(zipfile.BadZipFile):
            zipfile.ZipFile(io.BytesIO(whole[:length]))


def test_if_the_rows_fail_the_file_does_not_open() -> None:
    def rows() -> object:
        yield from (row(number) for number in range(1, 1000))
        raise OSError("the database went away")

    pieces = []
    with pytest.raises(OSError, match="went away"):
        pieces.extend(write_xlsx(rows(), Choice(), HEADING))  # type: ignore[arg-type]
    left_early = write_xlsx((row(number) for number in range(1, 1000)), Choice(), HEADING)
    pieces_left_early = list(islice(left_early, 3))
    left_early.close()
    for some in (pieces, pieces_left_early):
        with pytest.raises(zipfile.BadZipFile):
            zipfile.ZipFile(io.BytesIO(b"".join(some)))
