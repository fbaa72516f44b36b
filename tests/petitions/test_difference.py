"""The difference of two texts: complete, word by word, and fast for long ones."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.petitions.difference import DiffKind, DiffPiece, diff_words

TEXTS = st.lists(st.sampled_from(["one", "two", " ", "\n", ".", "три", "四", "\r", "é"]), max_size=30).map("".join)


@given(TEXTS, TEXTS)
def test_both_texts_can_be_rebuilt_from_the_pieces(old: str, new: str) -> None:
    pieces = diff_words(old, new)
    assert "".join(text for kind, text in pieces if kind != DiffKind.ADDED) == old
    assert "".join(text for kind, text in pieces if kind != DiffKind.REMOVED) == new
    assert all(one.text for one in pieces)
    assert all(one.kind != other.kind for one, other in pairwise(pieces))


def test_words_are_compared_not_characters() -> None:
    assert diff_words("Keep the old bus.", "Keep the new bus.") == (
        DiffPiece(DiffKind.SAME, "Keep the "),
        DiffPiece(DiffKind.REMOVED, "old"),
        DiffPiece(DiffKind.ADDED, "new"),
        DiffPiece(DiffKind.SAME, " bus."),
    )
    assert diff_words("保留巴士", "保留夜巴士")[1] == DiffPiece(DiffKind.ADDED, "夜")


def test_sentences_without_common_words_are_replaced_as_a_whole() -> None:
    assert [kind for kind, _ in diff_words("Save the old library", "Their title now")] == [
        DiffKind.REMOVED,
        DiffKind.ADDED,
    ]


def test_a_passage_too_long_to_compare_is_shown_as_changed() -> None:
    old, new = "a b " * 3000, "b c " * 3000
    assert [kind for kind, _ in diff_words(old, new)] == [DiffKind.REMOVED, DiffKind.ADDED]


def test_many_blank_lines_cost_no_time() -> None:
    old, new = "a" + "\n" * 100_000 + "b", "c" + "\n" * 100_000 + "d"
    assert diff_words(old, new) == (DiffPiece(DiffKind.REMOVED, old), DiffPiece(DiffKind.ADDED, new))


def test_texts_too_costly_to_compare_are_shown_as_changed() -> None:
    old, new = "a\nb\n" * 10_000, "b\na\n" * 10_001
    assert diff_words(old, new) == (DiffPiece(DiffKind.REMOVED, old), DiffPiece(DiffKind.ADDED, new))
