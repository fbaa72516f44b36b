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


def sorts(between: str, number: int) -> tuple[str, str]:
    """Return two texts of so many words, each second of which is another."""
    words = [f"w{i}" for i in range(number)]
    return between.join(words), between.join(word if i % 2 else f"x{i}" for i, word in enumerate(words))


def passages(number: int) -> tuple[str, str]:
    """Return two texts of long lines that all differ, between lines that are the same."""
    lines = [" ".join(f"w{line}-{i}" for i in range(number)) for line in range(40)]
    return "\n\nsame\n".join(lines), "\n\nsame\n".join(line.replace("w", "x") for line in lines)


def letters(number: int) -> tuple[str, str]:
    """Return two texts of the same few words in another order."""
    return " ".join("abcd"[i * i % 4] for i in range(number)), " ".join("abcd"[i * i * i % 4] for i in range(number))


@pytest.mark.parametrize(
    "texts",
    [*(sorts(between, number) for between in " \n" for number in (400, 4000, 9000)), passages(900), letters(5000)],
)
def test_no_comparison_costs_more_than_allowed_whatever_is_written(
    monkeypatch: pytest.MonkeyPatch, texts: tuple[str, str]
) -> None:
    pairs = []
    compare = difference.LCSseq.opcodes

    def spied(before: list[str], after: list[str]) -> Any:
        pairs.append(len(before) * len(after))
        return compare(before, after)

    monkeypatch.setattr(difference, "LCSseq", SimpleNamespace(opcodes=spied))
    found = diff_words(*texts)
    assert len(found) <= difference.MAX_PIECES
    assert sum(pairs) <= difference.MAX_PAIRS
    assert "".join(text for kind, text in found if kind != DiffKind.REMOVED) == texts[1]


def test_long_texts_with_many_changes_are_compared_word_by_word() -> None:
    old, new = sorts(" ", 1000)
    assert len(diff_words(old, new)) == 1500


def test_many_blank_lines_cost_no_time() -> None:
    old, new = "a" + "\n" * 100_000 + "b", "c" + "\n" * 100_000 + "d"
    assert diff_words(old, new) == (DiffPiece(DiffKind.REMOVED, old), DiffPiece(DiffKind.ADDED, new))


def test_texts_too_costly_to_compare_are_shown_as_changed() -> None:
    old, new = "a\nb\n" * 10_000, "b\na\n" * 10_001
    assert diff_words(old, new) == (DiffPiece(DiffKind.REMOVED, old), DiffPiece(DiffKind.ADDED, new))
