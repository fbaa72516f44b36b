"""Markdown that would keep the server busy is refused before it is parsed; what people write is not."""

import pytest

from app.petitions.markdown import is_too_complex

LONG = 100_000  # characters: the longest text of a petition
# What costs to_html more than 0.3 s, up to 24 s, at this length.
HOSTILE = {
    "emphasis": "**x",
    "images": "![a](b)",
    "open images": "![",
    "links": "[a](b)",
    "open brackets": "[",
    "open links": "([a](",
    "autolinks": "<http://a.b>",
    "code": "`a ",
    "lists": "- a\n",
    "numbered lists": "1. a\n",
    "numbered lists in one line": "1) " * 9 + "a\n",
    "numbered lists in lists": "1. 1. 1. 1. 1. 1. 1. a\n",
    "loose lists": "- a\n\n",
    "headings": "a\n=\n",
    "quotations": "> a\n\n",
    "a quotation at each other line": "> ```\na\n",
    "definitions": "[a]: b\n",
    "tables": "|a|b|\n|-|-|\n",
    "addresses": "http://a.b ",
    "addresses in one word": "http://",
    "international addresses": "http://\u03b5\u03bb.gr/\u03b1 ",
    "tabs": "a\tb\n",
    "cells": "|",
    "rows without cells": "|a|b|c|d|e|f|\n|-|-|-|-|-|-|\n" + "a\n" * 100 + "\n",
}
NESTED = {
    "a row filled up to the width of the first": "a|" * 250 + "b\n" + "-|" * 250 + "-\n" + "a\n" * 250,
    "a wide table of tabs": ("a\t" * 2_500 + "\n") * 2,
    "quotations": ">" * 200 + "a\n" * 40_000,
    "links": "[a" * 12_500 + "](b)" * 12_500,
    "a definition used often": "[a]: " + "b" * 50_000 + "\n\n" + "[a] " * 1_000,
    "a definition with a long title": "[a]: b '" + "b " * 25_000 + "'\n\n" + "[a] " * 1_000,
    "an address without end": "[a](" + "\U0001f600" * 99_000,
    "links before an address without end": "[a](" * 33 + "a()" * 33_000,
}
PARAGRAPH = (
    "Nurses, cleaners and bakers get home by the **night bus**. It is to end on 1 March, as the"
    " [council has said](https://council.example.org/minutes/2026-11.html?page=3): who works at night shall walk.\n\n"
)


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE)
def test_a_hundred_thousand_characters_of_markup_are_refused(unit: str) -> None:
    assert is_too_complex(unit * (LONG // len(unit)))


@pytest.mark.parametrize("text", NESTED.values(), ids=NESTED)
def test_what_costs_more_by_its_nesting_or_repeats_itself_is_refused(text: str) -> None:
    assert len(text) <= LONG + 10
    assert is_too_complex(text)


def test_what_people_write_is_taken() -> None:
    assert not is_too_complex(PARAGRAPH * 120)
    assert not is_too_complex("Plain words without an end. " * 3_500)
    assert not is_too_complex("\u4e00" * 2_000 + "[a](https://example.org/a)\n\n")
    assert not is_too_complex("As [1] says, and [1] again.\n\n[1]: https://example.org/a/page 'A page'\n")
    assert not is_too_complex("https://example.org/a/page?of=3 was read on Monday.\n" * 500)
    assert not is_too_complex("| Stop | Day | Night |\n|---|--:|--:|\n" + "| Harbour | 12 | 3 |\n" * 300)
    assert not is_too_complex("Harbour\t12\t3\n" * 500)
    assert not is_too_complex("# One\n\n" + "- point\n" * 500 + "> quoted\n" * 100)
