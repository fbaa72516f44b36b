"""What people type or paste loses what cannot be seen, and keeps what can."""

import pytest

from app.normal_form import MAX_PILE
from app.web.typed_text import ascii_digits, plain_code, tidy_line, tidy_markdown, tidy_paragraphs, tidy_title

UNSEEN = "\0\b\x1b\x7f\x9f\xad\u200b\u202a\u202e\u2066\u2068\ufeff\ufffe\uffff"


@pytest.mark.parametrize("tidy", [tidy_line, tidy_title, tidy_paragraphs, tidy_markdown])
def test_what_cannot_be_seen_is_taken_out(tidy: object) -> None:
    assert callable(tidy)
    for one in UNSEEN:
        assert tidy(f" Save {one}the bo{one}oks{one} ") == "Save the books", ascii(one)
    for nothing in (None, "", " \t\u00a0", "\u200b\u200d", "\u2800", "\u0301"):
        assert tidy(nothing) == ""


def test_what_some_languages_need_stays() -> None:
    for needed in ("می\u200cخواهم", "क्\u200dष", "שלום\u200f!"):
        assert {tidy(needed) for tidy in (tidy_line, tidy_title, tidy_paragraphs, tidy_markdown)} == {needed}


def test_a_title_keeps_its_no_break_spaces_and_markdown_its_tabs() -> None:
    assert tidy_title("Sauvez les livres\u202f! 10\u00a0000  fois") == "Sauvez les livres\u202f! 10\u00a0000  fois"
    assert tidy_line("Ann\u00a0  Example") == "Ann Example"
    assert tidy_markdown("a\tb\r\nc") == "a\tb\nc"
    assert tidy_paragraphs("a\tb\r\nc") == "a b\nc"


def test_what_ends_a_line_elsewhere_ends_it_here_and_is_a_space_in_a_title() -> None:
    for end in "\x0b\x0c\x85\u2028\u2029":
        assert tidy_markdown(f"One.{end}Two.") == "One.\nTwo."
        assert tidy_title(f"One{end}two") == "One two"
    assert tidy_title("One\r\ntwo") == "One\ntwo"


def test_digits_of_all_scripts_are_digits() -> None:
    assert ascii_digits("١٥٠٠ ۱۵ १५ １５ ½²") == "1500 15 15 15 ½²"
    assert plain_code("ｓe٣۴ А") == "SE34 A"


def test_marks_that_somebody_piled_up_cost_no_more_than_a_language_needs() -> None:
    assert len(plain_code("A" + "\u0301" * 32_000)) <= MAX_PILE + 1
