"""Markdown as people read it, where no browser sets it: blocks of words for print, and plain words for differences.

Both are made of the page's own sanitised HTML, so that they say what the page says. Blocks do not nest, as typesetters
stop at a depth that a text may exceed: each says how far it is indented.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from html.parser import HTMLParser
from itertools import zip_longest

from app.petitions.markdown import TOP_HEADING, to_html

STYLES = {"strong", "em", "s", "code"}
SPACES = re.compile(r"[ \t\n\r\f]+")  # what HTML takes for one space
BULLET = "\N{BULLET}"
RULE = "\N{HORIZONTAL BAR}" * 3
CELL_SEPARATOR = " \N{MIDDLE DOT} "


@dataclass(frozen=True, slots=True)
class Run:
    """Words in the same styles (of STYLES), with the address they lead to, if any; a line break in them is one."""

    words: str
    styles: frozenset[str] = frozenset()
    address: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading, code block, rule or table.

    `level` is a heading's, from 1. `indent` counts the lists and quotations around it. The first block of a list's item
    has its `marker`. A table has `rows` of cells and no runs; `has_heading` if the first names the columns.
    """

    kind: str
    runs: tuple[Run, ...] = ()
    level: int = 0
    indent: int = 0
    quoted: bool = False
    marker: str = ""
    rows: tuple[tuple[tuple[Run, ...], ...], ...] = ()
    has_heading: bool = False


def to_blocks(source: str) -> tuple[Block, ...]:
    """Return Markdown `source` as blocks, in the order of reading."""
    reader = _BlockReader()
    reader.feed(str(to_html(source)))
    reader.close()
    reader.finish_block()
    return tuple(reader.blocks)


@lru_cache(maxsize=64)
def to_words(source: str) -> str:
    """Return Markdown `source` as plain text without Markdown's signs; a link is followed by its address in brackets.

    What only looks different, such as bold words, is the same here.
    """
    written = ""
    was_item = False
    for block in to_blocks(source):
        is_item = bool(block.marker)
        if written:
            written += "\n" if is_item and was_item else "\n\n"
        written += _block_words(block)
        was_item = is_item
    return written


def _block_words(block: Block) -> str:
    if block.kind == "rule":
        return RULE
    if block.kind == "table":
        return "\n".join(CELL_SEPARATOR.join(map(_run_words, row)) for row in block.rows)
    outer = "  " * max(0, block.indent - bool(block.marker))
    marker = f"{block.marker} " if block.marker else ""
    return outer + marker + _run_words(block.runs).replace("\n", f"\n{outer}")


def _run_words(runs: tuple[Run, ...]) -> str:
    written = ""
    for run, after in zip_longest(runs, runs[1:]):
        written += run.words
        # A link of several runs is followed by its address once.
        ends = run.address and (after is None or after.address != run.address)
        if ends and run.address.removeprefix("mailto:") != run.words:
            written += f" ({run.address})"
    return written


@dataclass
class _List:
    number: int | None  # None for bullets

    def next_marker(self) -> str:
        if self.number is None:
            return BULLET
        self.number += 1
        return f"{self.number - 1}."


class _BlockReader(HTMLParser):
    """Reads the HTML of `to_html`, which is well-formed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self._runs: list[Run] = []
        self._rows: list[list[tuple[Run, ...]]] | None = None  # of the table that is read
        self._has_heading = False
        self._lists: list[_List] = []
        self._quotes = 0
        self._styles: list[str] = []
        self._address = self._marker = ""
        self._kind, self._level = "text", 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in STYLES:
            self._styles.append(tag)
        elif tag == "a":
            self._address = dict(attrs).get("href") or ""
        elif tag == "br":
            self._add("\n")
        elif tag in {"td", "th"}:
            self._runs = []
            self._has_heading = self._has_heading or tag == "th"
        elif tag == "tr" and self._rows is not None:
            self._rows.append([])
        else:
            self._start_block(tag, dict(attrs))

    def _start_block(self, tag: str, attributes: dict[str, str | None]) -> None:
        self.finish_block()
        if tag in {"ul", "ol"}:
            self._lists.append(_List(int(attributes.get("start") or 1) if tag == "ol" else None))
        elif tag == "li":
            self._marker = self._lists[-1].next_marker() if self._lists else BULLET
        elif tag == "blockquote":
            self._quotes += 1
        elif tag == "pre":
            self._kind = "code"
        elif tag == "hr":
            self._add_block("rule")
        elif tag == "table":
            self._rows, self._has_heading = [], False
        elif re.fullmatch("h[1-6]", tag):
            self._kind, self._level = "heading", max(1, int(tag[1]) - TOP_HEADING + 1)

    def handle_endtag(self, tag: str) -> None:
        if tag in STYLES:
            self._styles.remove(tag)
        elif tag == "a":
            self._address = ""
        elif tag in {"td", "th"} and self._rows:
            self._rows[-1].append(self._taken_runs())
        elif tag == "table" and self._rows is not None:
            rows = tuple(tuple(row) for row in self._rows if row)
            self._rows = None
            self._add_block("table", rows=rows)
        elif tag not in {"tr", "thead", "tbody", "br"}:
            self._end_block(tag)

    def _end_block(self, tag: str) -> None:
        self.finish_block()
        if tag in {"ul", "ol"} and self._lists:
            self._lists.pop()
        elif tag == "li":
            self._marker = ""
        elif tag == "blockquote":
            self._quotes -= 1
        elif tag == "pre" or re.fullmatch("h[1-6]", tag):
            self._kind, self._level = "text", 0

    def handle_data(self, data: str) -> None:
        if self._kind == "code":
            self._add(data)
            return
        words = SPACES.sub(" ", data)
        if not self._runs or self._runs[-1].words.endswith(("\n", " ")):
            words = words.lstrip(" ")
        self._add(words)

    def finish_block(self) -> None:
        """Keep what was read as a block, if there are words in it."""
        if self._rows is None and (runs := self._taken_runs()):
            self._add_block(self._kind, runs)

    def _add(self, words: str) -> None:
        if not words:
            return
        styles = frozenset() if self._kind == "code" else frozenset(self._styles)
        self._runs.append(Run(words, styles, self._address))

    def _taken_runs(self) -> tuple[Run, ...]:
        runs, self._runs = self._runs, []
        while runs:
            last = runs.pop()
            if words := last.words.rstrip(" \n"):
                return (*runs, Run(words, last.styles, last.address))
        return ()

    def _add_block(
        self, kind: str, runs: tuple[Run, ...] = (), rows: tuple[tuple[tuple[Run, ...], ...], ...] = ()
    ) -> None:
        indent = len(self._lists) + self._quotes
        self.blocks.append(
            Block(kind, runs, self._level, indent, self._quotes > 0, self._marker, rows, self._has_heading)
        )
        self._marker, self._has_heading = "", False
