"""The signed texts as data for the template `delivery.typ`: set as people read them, and raw for the appendix."""

from typing import Any

from flask_babel import gettext as _

from app.export.pdf_content import SignedText
from app.export.pdf_pages import PageRenderer, language_and_version, typst_language
from app.petitions.set_text import Block, Run, to_blocks
from app.typesetting import fonts
from app.web.language import text_direction

MAX_WORD_LENGTH_IN_TEXT = 40  # characters that fit into a line even if all are as wide as W
MAX_WORD_LENGTH_IN_RAW_TEXT = 70
MAX_ADDRESS = 2_000  # characters: the typesetter refuses longer links
# A larger table is set as lines: the typesetter needs some 10 KB for each cell.
MAX_COLUMNS = 6
MAX_CELLS = 600


def set_text(text: SignedText, pen: PageRenderer) -> dict[str, object]:
    """Return a signed text as people read it: its Markdown as blocks, of which nothing is run as code."""
    return {
        "title": pen.write(text.title),
        "statement": pen.write(text.statement, MAX_WORD_LENGTH_IN_TEXT),
        "blocks": [_block(block, pen) for block in to_blocks(text.body)],
        **_about(text, pen),
    }


def raw_text(text: SignedText, pen: PageRenderer) -> dict[str, object]:
    """Return a signed text exactly as written, with its hash."""
    return {
        "title": pen.write(text.title),
        "statement": pen.write(text.statement, MAX_WORD_LENGTH_IN_TEXT),
        "body": pen.write(text.body, MAX_WORD_LENGTH_IN_RAW_TEXT),
        "hash_name": _("SHA-256 of title, empty line, statement, empty line and text, in UTF-8"),
        "sha256": text.sha256(),
        **_about(text, pen),
    }


def _about(text: SignedText, pen: PageRenderer) -> dict[str, object]:
    return {
        "about": language_and_version(text),
        "families": fonts.families(text.language, pen.others),
        "rtl": text_direction(text.language) == "rtl",
        **typst_language(text.language),
    }


def _block(block: Block, pen: PageRenderer) -> dict[str, Any]:
    columns = max(map(len, block.rows), default=0)
    is_table = 0 < columns <= MAX_COLUMNS and columns * len(block.rows) <= MAX_CELLS
    longest = MAX_WORD_LENGTH_IN_TEXT // (columns + 1) if is_table else MAX_WORD_LENGTH_IN_TEXT
    rows = [[_runs(cell, pen, longest) for cell in row] for row in block.rows]
    return {
        "kind": block.kind if is_table or block.kind != "table" else "lines",
        "runs": _runs(block.runs, pen, longest),
        "level": block.level,
        "indent": block.indent,
        "quoted": block.quoted,
        "marker": block.marker,
        "columns": columns,
        "has_heading": block.has_heading,
        "rows": [row + [[]] * (columns - len(row)) for row in rows] if is_table else rows,
    }


def _runs(runs: tuple[Run, ...], pen: PageRenderer, longest: int) -> list[list[object]]:
    return [[pen.write(run.words, longest), sorted(run.styles), _printed_address(run.address)] for run in runs]


def _printed_address(address: str) -> str:
    """Return an address that a reader of the PDF can follow; of others the words stand alone."""
    is_whole = address.startswith(("http://", "https://", "mailto:"))
    return address if is_whole and len(address) <= MAX_ADDRESS and address.isascii() else ""
