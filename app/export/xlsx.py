"""The list as an Excel workbook (ISO/IEC 29500), streamed, with real dates and text that is never a formula.

The writer is our own because no maintained library can stream: XlsxWriter and rustpy-xlsxwriter build the sheets in
temporary files, with names in plain text, and give the first byte after the last row. Excel needs little of the format:
a zip archive of a few parts, of which only the sheets grow. zlib runs at its fastest level, as the default takes a
fifth more time to save a fifth of the bytes. A file that was cut off lacks the archive's directory, so it cannot be
opened.
"""

import re
import zipfile
from collections.abc import Generator, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from xml.sax.saxutils import escape

from app.export.rows import Choice, ExportRow, Heading

MAX_ROWS_PER_SHEET = 1_048_576  # Excel's limit, with the line of column names
MAX_BYTES_PER_SHEET = 2_000_000_000  # a larger one needs ZIP64, which Excel offers to repair
COMPRESSION_LEVEL = 1
ROWS_PER_CHUNK = 200  # about 64 KiB
EXCEL_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)  # day 0 of Excel's dates
SECOND = timedelta(seconds=1)
SECONDS_PER_DAY = 86_400
EMPTY_CELL = "<c/>"
WIDTHS = {
    "number": 9, "name": 30, "affiliation": 36, "country": 18, "comment": 60, "language": 10, "text_version": 12,
    "verified_at": 20, "visibility": 12, "state": 12, "email": 32,
}  # fmt: skip
# Characters that XML cannot hold; text such as _x0041_, which Excel reads as an escaped character.
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
NOT_IN_SHEET_NAMES = re.compile(r"[\\/?*:\[\]\"]|[\x00-\x1f]")
MAX_SHEET_NAME_LENGTH = 31
ESCAPE_LOOKALIKE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")

XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
RELATIONSHIPS = "application/vnd.openxmlformats-package.relationships+xml"
ROOT = (
    f'{XML}<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)
PLAIN, BOLD, MOMENT = range(3)
STYLES = (
    f'{XML}<styleSheet xmlns="{SHEETS}">'
    '<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="3">'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


class _Sink:
    """The archive's output: it keeps written bytes until they are taken, and cannot seek."""

    def __init__(self) -> None:
        self._kept: list[bytes] = []

    def write(self, b: bytes, /) -> int:
        self._kept.append(b)
        return len(b)

    def flush(self) -> None:
        """Do nothing: written bytes are available at once."""

    close = flush

    def take(self) -> bytes:
        joined = b"".join(self._kept)
        self._kept.clear()
        return joined


def write_xlsx(rows: Iterable[ExportRow], choice: Choice, heading: Heading) -> Generator[bytes, None, None]:
    """Yield the workbook in chunks, the first at once; rows that do not fit into a sheet go to the next one."""
    sink = _Sink()
    rest = (_line(row, choice, heading.countries) for row in rows)
    sheets = 0
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, allowZip64=False, compresslevel=COMPRESSION_LEVEL) as archive:
        _add(archive, "_rels/.rels", ROOT)
        _add(archive, "xl/styles.xml", STYLES)
        yield sink.take()
        line = next(rest, "")
        while line or not sheets:
            sheets += 1
            with archive.open(f"xl/worksheets/sheet{sheets}.xml", "w") as sheet:
                size = sheet.write(_above_rows(choice, heading))
                number = 1
                while line and number < MAX_ROWS_PER_SHEET and size < MAX_BYTES_PER_SHEET:
                    chunk = [line, *islice(rest, min(ROWS_PER_CHUNK, MAX_ROWS_PER_SHEET - number) - 1)]
                    size += sheet.write("".join(chunk).encode())
                    number += len(chunk)
                    line = next(rest, "")
                    yield sink.take()
                sheet.write(b"</sheetData></worksheet>")
        for part, text in _parts(sheets, heading.labels["sheet"]):
            _add(archive, part, text)
    yield sink.take()


def _add(archive: zipfile.ZipFile, part: str, text: str) -> None:
    with archive.open(part, "w") as file:  # not writestr, which adds the current time
        file.write(text.encode())


def _line(row: ExportRow, choice: Choice, countries: Mapping[str, str]) -> str:
    number, name, affiliation, country, comment, language, version, at, visibility, state, email = row
    moment = f'<c s="{MOMENT}"><v>{(at - EXCEL_EPOCH) // SECOND / SECONDS_PER_DAY:.9f}</v></c>' if at else EMPTY_CELL
    optional_cells = (_word(state) if choice.with_state else "") + (_text(email) if choice.with_email else "")
    return (
        f"<row><c><v>{number}</v></c>{_text(name)}{_text(affiliation)}{_word(countries.get(country, country))}"
        f"{_text(comment)}{_word(language)}{f'<c><v>{version}</v></c>' if version else EMPTY_CELL}{moment}"
        f"{_word(visibility)}{optional_cells}</row>"
    )


def _text(text: str, style: int = PLAIN) -> str:
    """Return a cell with `text`; characters that XML cannot hold are replaced."""
    if not text:
        return EMPTY_CELL
    if not text.isprintable() or "&" in text or "<" in text or ">" in text or "_x" in text:
        valid = ESCAPE_LOOKALIKE.sub("_x005F_", NOT_IN_XML.sub("\ufffd", text))
        text = escape(valid, {"\r": "&#13;"})
    return f'<c s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


_word = lru_cache(maxsize=1024)(_text)  # for repeated words, never for personal data


def _above_rows(choice: Choice, heading: Heading) -> bytes:
    """Return a sheet's beginning: column widths, and the frozen line of column names."""
    columns = choice.columns()
    widths = "".join(
        f'<col min="{at}" max="{at}" width="{WIDTHS[column]}" customWidth="1"/>' for at, column in enumerate(columns, 1)
    )
    names = "".join(_text(heading.labels[column], BOLD) for column in columns)
    return (
        f'{XML}<worksheet xmlns="{SHEETS}"><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f"<cols>{widths}</cols><sheetData><row>{names}</row>"
    ).encode()


def sheet_name(name: str, number: int) -> str:
    """Return a valid name for a sheet: at most 31 characters, none of them special to Excel."""
    suffix = f" {number}" if number > 1 else ""
    return NOT_IN_SHEET_NAMES.sub(" ", name)[: MAX_SHEET_NAME_LENGTH - len(suffix)].strip(" '") + suffix


def _parts(sheets: int, name: str) -> Iterator[tuple[str, str]]:
    """Yield the parts that list the sheets, and so come last."""
    numbers = range(1, sheets + 1)
    listed = "".join(
        f'<sheet name="{escape(sheet_name(name, number))}" sheetId="{number}" r:id="rId{number}"/>'
        for number in numbers
    )
    yield "xl/workbook.xml", f'{XML}<workbook xmlns="{SHEETS}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>'
    targets = [("worksheet", f"worksheets/sheet{number}.xml") for number in numbers] + [("styles", "styles.xml")]
    links = "".join(
        f'<Relationship Id="rId{number}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, 1)
    )
    yield "xl/_rels/workbook.xml.rels", f'{XML}<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>'
    kinds = [
        ("workbook", "sheet.main"),
        ("styles", "styles"),
        *((f"worksheets/sheet{n}", "worksheet") for n in numbers),
    ]
    overrides = "".join(
        f'<Override PartName="/xl/{part}.xml" ContentType="{KIND}.{kind}+xml"/>' for part, kind in kinds
    )
    defaults = f'<Default Extension="rels" ContentType="{RELATIONSHIPS}"/>'
    yield "[Content_Types].xml", f'{XML}<Types xmlns="{PACKAGE}/content-types">{defaults}{overrides}</Types>'
