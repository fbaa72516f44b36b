"""The difference between two texts, word by word."""

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz.distance import LCSseq

# Han and kana are written without spaces, so each character counts as a word.
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|\w+|\s+|[^\w\s]")
# Of the whole of two texts. What has more is shown as changed as a whole: the time and the memory of a comparison grow
# with the pairs of an old and a new line or word alone, whatever the words are (some 60 ms and 13 MB for these).
MAX_PAIRS = 100_000_000
# And that of a page with the pieces. A text of 8,000 words of which each fifth was changed has about 2,500.
MAX_PIECES = 3_000
AROUND = 60  # characters around a place in an e-mail
ENDS = 200  # characters that are left of each end of a long passage


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

    They share the longest common subsequence of lines, and of words where lines differ.
    """
    pieces: list[DiffPiece] = []
    pairs_left = [MAX_PAIRS]
    for passages in _align(old.splitlines(keepends=True), new.splitlines(keepends=True), pairs_left):
        old_words, new_words = map(WORD.findall, passages)
        for before, after in _align(old_words, new_words, pairs_left):
            if before == after:
                pieces.append(DiffPiece(DiffKind.SAME, before))
            else:
                pieces += [DiffPiece(DiffKind.REMOVED, before), DiffPiece(DiffKind.ADDED, after)]
    merged = _merge_adjacent(pieces)
    if len(merged) > MAX_PIECES:
        merged = [DiffPiece(DiffKind.REMOVED, old), DiffPiece(DiffKind.ADDED, new)]
    return tuple(merged)


def _align(before: list[str], after: list[str], pairs_left: list[int]) -> Iterator[tuple[str, str]]:
    """Yield what stands in the old text with what stands there in the new one, in turns the same and another."""
    if before == after:
        yield "".join(before), "".join(after)
        return
    pairs_left[0] -= len(before) * len(after)
    if pairs_left[0] < 0:
        yield "".join(before), "".join(after)
        return
    removed = added = ""
    for step in LCSseq.opcodes(before, after):
        old = "".join(before[step.src_start : step.src_end])
        new = "".join(after[step.dest_start : step.dest_end])
        # Spaces alone do not make two sentences similar.
        if step.tag == "equal" and not (old.isspace() and (removed or added)):
            yield removed, added
            yield old, new
            removed = added = ""
        else:
            removed, added = removed + old, added + new
    yield removed, added


def shorten(pieces: tuple[DiffPiece, ...]) -> tuple[DiffPiece, ...]:
    """Return the pieces with the middle of long passages that stayed the same left out, marked by "[…]"."""
    return tuple(DiffPiece(kind, _ends(text) if kind == DiffKind.SAME else text) for kind, text in pieces)


class Snippet(NamedTuple):
    """A place that has changed, with a few words around it; long passages are cut."""

    before: str
    removed: str
    added: str
    after: str


def snippets(pieces: tuple[DiffPiece, ...]) -> list[Snippet]:
    """Return the places in which a text has changed, in order."""
    found: list[Snippet] = []
    around, previous = "", DiffKind.SAME
    for kind, text in pieces:
        if kind == DiffKind.SAME:
            if found:
                found[-1] = found[-1]._replace(after=text[:AROUND].partition("\n")[0])
            around = text[-AROUND:].rpartition("\n")[2]
        elif kind == DiffKind.ADDED and previous == DiffKind.REMOVED:
            found[-1] = found[-1]._replace(added=_ends(text))
        elif kind == DiffKind.REMOVED:
            found.append(Snippet(around, _ends(text), "", ""))
        else:
            found.append(Snippet(around, "", _ends(text), ""))
        previous = kind
    return found


def _ends(text: str) -> str:
    if len(text) <= 3 * ENDS:
        return text
    first, last = text[:ENDS].rstrip(), text[-ENDS:].lstrip()
    return f"{first} […] {last}"


def _merge_adjacent(pieces: list[DiffPiece]) -> list[DiffPiece]:
    joined: list[DiffPiece] = []
    for kind, text in (piece for piece in pieces if piece.text):
        same_kind = joined and joined[-1].kind == kind
        joined.append(DiffPiece(kind, joined.pop().text + text if same_kind else text))
    return joined
