"""The difference between two texts, word by word."""

import re
from collections import Counter
from difflib import SequenceMatcher
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

# Han and kana are written without spaces, so each character counts as a word.
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|\w+|\s+|[^\w\s]")
MAX_COMPARISONS = 200_000  # pairs of equal lines or words; a text that needs more is shown as changed as a whole


class DiffKind(StrEnum):
    """Whether a piece of text is in both texts, the old one or the new one."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


class DiffPiece(NamedTuple):
    """A piece of the old or the new text."""

    kind: DiffKind
    text: str


@lru_cache(maxsize=64)
def diff_words(old: str, new: str) -> tuple[DiffPiece, ...]:
    """Return the pieces of both texts in order: all but REMOVED make the new text, all but ADDED the old one.

    Lines are compared first, and words only where lines differ, for speed.
    """
    pieces: list[DiffPiece] = []
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    budget = [MAX_COMPARISONS]
    if not _can_afford(budget, before, after):
        return tuple(_merge_adjacent([DiffPiece(DiffKind.REMOVED, old), DiffPiece(DiffKind.ADDED, new)]))
    # Blank lines are not compared: they say nothing, and many of them would take very long.
    for tag, i, j, k, m in SequenceMatcher(str.isspace, before, after, autojunk=False).get_opcodes():
        old_part, new_part = "".join(before[i:j]), "".join(after[k:m])
        if tag == "equal":
            pieces.append(DiffPiece(DiffKind.SAME, old_part))
        else:
            pieces += _by_words(old_part, new_part, budget)
    return tuple(_merge_adjacent(pieces))


def _by_words(old: str, new: str, budget: list[int]) -> list[DiffPiece]:
    before, after = WORD.findall(old), WORD.findall(new)
    if not _can_afford(budget, before, after):
        return [DiffPiece(DiffKind.REMOVED, old), DiffPiece(DiffKind.ADDED, new)]
    pieces = []
    # Spaces are not compared: equal ones do not make two sentences similar.
    for tag, i, j, k, m in SequenceMatcher(str.isspace, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(DiffPiece(DiffKind.SAME, "".join(before[i:j])))
        else:
            pieces += [
                DiffPiece(DiffKind.REMOVED, "".join(before[i:j])),
                DiffPiece(DiffKind.ADDED, "".join(after[k:m])),
            ]
    return pieces


def _can_afford(budget: list[int], before: list[str], after: list[str]) -> bool:
    """Subtract the cost of a comparison from the budget of the whole text; return False if it is not enough."""
    counts = Counter(after)
    cost = sum(number * counts[part] for part, number in Counter(before).items() if not part.isspace())
    if cost > budget[0]:
        return False
    budget[0] -= cost
    return True


def _merge_adjacent(pieces: list[DiffPiece]) -> list[DiffPiece]:
    joined: list[DiffPiece] = []
    for kind, text in (piece for piece in pieces if piece.text):
        same_kind = joined and joined[-1].kind == kind
        joined.append(DiffPiece(kind, joined.pop().text + text if same_kind else text))
    return joined
