"""The difference between two texts, word by word."""

import re
from collections import Counter
from difflib import SequenceMatcher
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

# Han and kana are written without spaces, so each of their signs is a word.
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|\w+|\s+|[^\w\s]")
MAX_COMPARISONS = (
    200_000  # pairs of equal lines, or words of one stretch, that are tried; beyond it all is shown as changed
)


class DiffKind(StrEnum):
    """What became of a piece of text."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


class DiffPiece(NamedTuple):
    """A piece of the old or the new text."""

    kind: DiffKind
    text: str


@lru_cache(maxsize=64)
def diff_words(old: str, new: str) -> tuple[DiffPiece, ...]:
    """Return the pieces of both texts in order: those that are not removed make the new one, not added the old one.

    Lines are compared first and words only where lines differ, so that a long text takes no longer than it must.
    """
    pieces: list[DiffPiece] = []
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    budget = [MAX_COMPARISONS]
    if not _can_afford(budget, before, after):
        return tuple(_joined([DiffPiece(DiffKind.REMOVED, old), DiffPiece(DiffKind.ADDED, new)]))
    # Blank lines are no likeness either, and a text full of them would take for ever.
    for tag, i, j, k, m in SequenceMatcher(str.isspace, before, after, autojunk=False).get_opcodes():
        old_part, new_part = "".join(before[i:j]), "".join(after[k:m])
        if tag == "equal":
            pieces.append(DiffPiece(DiffKind.SAME, old_part))
        else:
            pieces += _by_words(old_part, new_part, budget)
    return tuple(_joined(pieces))


def _by_words(old: str, new: str, budget: list[int]) -> list[DiffPiece]:
    before, after = WORD.findall(old), WORD.findall(new)
    if not _can_afford(budget, before, after):
        return [DiffPiece(DiffKind.REMOVED, old), DiffPiece(DiffKind.ADDED, new)]
    pieces = []
    # Spaces between words are no likeness of two sentences.
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
    """Take what a comparison costs from the budget of the whole text; tell whether there was enough left."""
    counts = Counter(after)
    cost = sum(number * counts[part] for part, number in Counter(before).items() if not part.isspace())
    if cost > budget[0]:
        return False
    budget[0] -= cost
    return True


def _joined(pieces: list[DiffPiece]) -> list[DiffPiece]:
    joined: list[DiffPiece] = []
    for kind, text in (one for one in pieces if one.text):
        same_kind = joined and joined[-1].kind == kind
        joined.append(DiffPiece(kind, joined.pop().text + text if same_kind else text))
    return joined
