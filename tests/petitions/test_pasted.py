"""What people paste into a text stays what it was: addresses, line breaks, tables."""

import pytest

from app.petitions.markdown import to_html
from tests.html_page import HtmlPage


def links(source: str) -> list[tuple[str | None, str]]:
    return [(link.get("href"), link.text) for link in HtmlPage(str(to_html(source))).all("a")]


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ("See https://example.org/a_b_c?x=1&y=2#z.", "https://example.org/a_b_c?x=1&y=2#z"),
        ("(see http://example.org/a_(b))", "http://example.org/a_(b)"),
        ("“https://example.org”, they say", "https://example.org"),
        ("**https://example.org/a**!", "https://example.org/a"),
        ("_https://example.org/_next_/a_", "https://example.org/_next_/a"),
        ("<b>https://example.org</b>", "https://example.org"),
        ("HTTPS://EXAMPLE.ORG/A", "HTTPS://EXAMPLE.ORG/A"),
        ("请看https://example.org/a。谢谢", "https://example.org/a"),
        ("- one: https://example.org/a;", "https://example.org/a"),
        ("|a|\n|-|\n|https://example.org|", "https://example.org"),
        ("https://example.org/a&copy=1&amp;b", "https://example.org/a&copy=1&amp;b"),
    ],
)
def test_an_address_as_it_is_becomes_a_link(source: str, address: str) -> None:
    assert links(source) == [(address, address)]


def test_the_words_of_such_a_link_are_what_was_typed() -> None:
    assert links("https://παράδειγμα.gr/α") == [("https://xn--hxajbheg2az3al.gr/%CE%B1", "https://παράδειγμα.gr/α")]


def test_such_links_have_the_rel_of_others() -> None:
    (link,) = HtmlPage(str(to_html("https://example.org"))).all("a")
    assert link.attributes == {"href": "https://example.org", "rel": "noopener noreferrer nofollow"}


@pytest.mark.parametrize(
    "source",
    [
        *("www.example.org", "example.org/a", "ann@example.org", "ftp://example.org", "javascript://example.org"),
        *("xhttp://example.org", "http://", "http://...", "https:// example.org", "`https://example.org`"),
        *("    https://example.org", "https://example.org/" + "a" * 2_001, "\\https\\://example.org"),
    ],
)
def test_nothing_else_becomes_a_link(source: str) -> None:
    assert not links(source)


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ("[https://example.org/a](https://example.org/b)", "https://example.org/b"),
        ("[see https://example.org/a](https://example.org/b)", "https://example.org/b"),
        ("<https://example.org/b>", "https://example.org/b"),
        ("[a]\n\n[a]: https://example.org/b", "https://example.org/b"),
        ("![https://example.org/a](https://example.org/b)", "https://example.org/b"),
    ],
)
def test_links_that_were_written_stay_what_they_were(source: str, address: str) -> None:
    assert [href for href, _words in links(source)] == [address]


@pytest.mark.parametrize(
    "source",
    [
        "Example Committee\n1 Example Street\n00000 Example Town",
        "Roses are red,\nviolets are blue",
        "\n".join(f"https://example.org/one/page/that/has/a/long/address/of/its/own/{n}" for n in range(3)),
        "This is one sentence that somebody wrote on a line of its own, for a reason.\nAnd this is the next one.",
        "Who spoke: " + "Ann Example of the Example Committee, " * 5 + "\nWho did not: Bo Example",
        "- a point\n  and its second line",
        "> said\n> so",
    ],
)
def test_a_single_line_break_is_kept(source: str) -> None:
    assert str(to_html(source)).count("<br>") == source.count("\n")


WRAPPED = (
    "Nurses, cleaners and bakers get home by the night bus. It is to end on\n"
    "1 March, as the [council has said](https://council.example.org/2026-11)\n"
    "in its minutes: who works at night shall walk, or shall not work at all\n"
    "any more in this town."
)


def test_line_breaks_of_an_editor_that_wraps_are_not_shown() -> None:
    assert "<br>" not in to_html(WRAPPED)
    assert "<br>" not in to_html(WRAPPED.replace("\n", "\n> ").replace("Nurses", "> Nurses", 1))


def test_line_breaks_marked_as_in_markdown_are_the_only_ones_there() -> None:
    assert to_html("one  \ntwo\nthree") == "<p>one<br>\ntwo\nthree</p>\n"


def test_a_table_drawn_with_lines_is_a_table() -> None:
    page = HtmlPage(str(to_html("| Stop | Night |\n|:-----|------:|\n| Harbour | **3** |\n\nAfter it.")))
    assert [cell.text for cell in page.all("th")] == ["Stop", "Night"]
    assert [cell.text for cell in page.all("td")] == ["Harbour", "3"]
    assert [cell.get("class") for cell in page.all("td")] == [None, "is-right"]
    (around,) = page.all("div")
    assert around.attributes == {"class": "is-wide", "tabindex": "0"}
    assert [words.text for words in page.all("p")] == ["After it."]


@pytest.mark.parametrize("before", ["", "As they count:\n", "As they count:\n\n"])
def test_a_table_from_a_spreadsheet_is_a_table(before: str) -> None:
    page = HtmlPage(str(to_html(f"{before}Stop\tNight\nHarbour\t**3**\nStation\t\n\nAfter it.")))
    assert [cell.text for cell in page.all("td")] == ["Stop", "Night", "Harbour", "3", "Station", ""]
    assert page.all("p")[-1].text == "After it."


@pytest.mark.parametrize(
    "source", ["1.\tone\n2.\ttwo", "```\na\tb\nc\td\n```", "\ta\tb\n\tc\td", "one\ttab", "a | b\nc | d"]
)
def test_what_is_no_table_stays_what_it_was(source: str) -> None:
    assert "<table>" not in to_html(source)


def test_markup_of_a_table_that_is_typed_is_text() -> None:
    assert to_html("<table></table>") == "<p>&lt;table&gt;&lt;/table&gt;</p>\n"
