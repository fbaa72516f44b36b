"""Markdown as people read it where no browser sets it: blocks for print, plain words for differences."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.petitions.set_text import Block, Run, to_blocks, to_words
from tests.petitions.test_markdown import PIECES

pieces = st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=12).map("".join)


def words_of(block: Block) -> str:
    return "".join(run.words for run in block.runs)


def test_words_have_their_styles_and_addresses() -> None:
    (paragraph,) = to_blocks("It is **held _very_ tight**, see [our ~~old~~ fund](https://a.example/x) or `code`.")
    held = frozenset({"strong"})
    assert paragraph == Block(
        "text",
        (
            Run("It is "),
            Run("held ", held),
            Run("very", held | {"em"}),
            Run(" tight", held),
            Run(", see "),
            Run("our ", address="https://a.example/x"),
            Run("old", frozenset({"s"}), "https://a.example/x"),
            Run(" fund", address="https://a.example/x"),
            Run(" or "),
            Run("code", frozenset({"code"})),
            Run("."),
        ),
    )


def test_lists_have_their_markers_and_say_how_deep_they_are() -> None:
    blocks = to_blocks("3. three\n\n   more of it\n4. four\n   - inner\n\n> quoted")
    assert [(block.marker, block.indent, block.quoted, words_of(block)) for block in blocks] == [
        ("3.", 1, False, "three"),
        ("", 1, False, "more of it"),
        ("4.", 1, False, "four"),
        ("•", 2, False, "inner"),
        ("", 1, True, "quoted"),
    ]


def test_the_highest_heading_has_the_first_level() -> None:
    blocks = to_blocks("## One\n\n### Two\n\n---\n\nText")
    assert [(block.kind, block.level) for block in blocks] == [("heading", 1), ("heading", 2), ("rule", 0), ("text", 0)]


def test_code_keeps_its_lines_and_indents() -> None:
    (code,) = to_blocks("```python\nif x:\n    y\n```")
    assert (code.kind, words_of(code)) == ("code", "if x:\n    y")


def test_tables_have_rows_of_cells_and_a_heading_where_they_have_one() -> None:
    drawn, tabbed = to_blocks("| a | **b** |\n|---|---|\n| 1 |  |"), to_blocks("a\tb\n1\t2")
    strong = Run("b", frozenset({"strong"}))
    assert drawn == (Block("table", rows=(((Run("a"),), (strong,)), ((Run("1"),), ())), has_heading=True),)
    assert tabbed == (Block("table", rows=(((Run("a"),), (Run("b"),)), ((Run("1"),), (Run("2"),)))),)


@pytest.mark.parametrize(
    ("source", "read"),
    [
        ("It is **held** _tight_ in `prison`.", "It is held tight in prison."),
        ("Before\n\n| a | b |\n|---|---|\n| 1 | 2 |", "Before\n\na · b\n1 · 2"),
        ("One\ntwo", "One\ntwo"),
        ("See https://a.example/x.", "See https://a.example/x."),
        ("# Title\n\nOne\ntwo  \nthree", "Title\n\nOne two\nthree"),
        ("- one\n- two\n  1. inner\n\nEnd", "• one\n• two\n  1. inner\n\nEnd"),
        ("[Our *new* fund](https://a.example/x)!", "Our new fund (https://a.example/x)!"),
        ("<ann@example.org> <https://a.example>", "ann@example.org https://a.example"),
        ("![A hall](https://a.example/hall.jpg)", "A hall (https://a.example/hall.jpg)"),
        ("<script>alert(1)</script> &amp; 1 < 2", "<script>alert(1)</script> & 1 < 2"),
        ("1\\. not a list, \\*not\\* strong", "1. not a list, *not* strong"),
        ("", ""),
    ],
)
def test_plain_words_have_no_signs_of_markdown(source: str, read: str) -> None:
    assert to_words(source) == read


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200) | pieces)
@example("0|0\n-|-\n0")  # a cell without words
def test_any_text_has_blocks_and_each_is_said_in_its_words(source: str) -> None:
    assert all(block.runs or block.kind in {"rule", "table"} for block in to_blocks(source))
    read = to_words(source)
    assert all(run.words.split("\n")[0] in read for block in to_blocks(source) for run in block.runs)
