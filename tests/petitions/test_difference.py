"""The difference of two texts: complete, word by word, and fast for long ones."""

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.petitions import difference
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


@pytest.mark.parametrize("between", [" ", "\n"])
@pytest.mark.parametrize("number", [1000, 4000, 9000])
def test_no_comparison_has_more_pairs_than_allowed_whatever_is_written(
    monkeypatch: pytest.MonkeyPatch, between: str, number: int
) -> None:
    pairs = []
    compare = difference.LCSseq.opcodes

    def spied(before: list[str], after: list[str]) -> Any:
        pairs.append(len(before) * len(after))
        return compare(before, after)

    monkeypatch.setattr(difference, "LCSseq", SimpleNamespace(opcodes=spied))
    old = between.join(f"w{i}" for i in range(number))
    new = between.join(f"w{i}" if i % 2 else f"x{i}" for i in range(number))
    is_compared = len(diff_words(old, new)) > number
    assert is_compared == (number < 9000 or between == "\n")
    assert sum(pairs) <= 2 * difference.MAX_PAIRS


def test_many_blank_lines_cost_no_time() -> None:
    old, new = "a" + "\n" * 100_000 + "b", "c" + "\n" * 100_000 + "d"
    assert diff_words(old, new) == (DiffPiece(DiffKind.REMOVED, old), DiffPiece(DiffKind.ADDED, new))


def test_texts_too_costly_to_compare_are_shown_as_changed() -> None:
    old, new = "a\nb\n" * 10_000, "b\na\n" * 10_001
    assert diff_words(old, new) == (DiffPiece(DiffKind.REMOVED, old), DiffPiece(DiffKind.ADDED, new))
