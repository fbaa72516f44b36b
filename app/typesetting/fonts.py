"""Which fonts printed lists and pictures are set in, which characters none of them has, and where words may break."""

import sys
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from fontTools.ttLib import TTCollection, TTFont

# Packages whose folders hold the fonts; nothing of the machine's own is used, so every machine sets the same pages.
PACKAGES = ("manimgx_fonts", "noto_cjk_sans_otc", "fontpkg_amiri")
FONT_SUFFIXES = {".ttf", ".ttc", ".otf"}

# Amiri for Arabic: PDF viewers find and copy a name only if each letter has a glyph of its own. Noto draws a letter and
# its dots apart, and most other fonts draw lam and alif as one.
SCRIPTS = (
    *("Hebrew", "Devanagari", "Bengali", "Gurmukhi", "Gujarati", "Oriya", "Tamil", "Telugu", "Kannada", "Malayalam"),
    *("Sinhala", "Thai", "Lao", "Myanmar", "Khmer", "Ethiopic", "Armenian", "Georgian"),
)
OTHERS = ("Noto Sans Symbols", "Noto Emoji")
# The shapes of Han characters that readers expect; of Chinese, by the first of these subtags that a language's tag has:
# who writes simplified characters in Hong Kong wants those.
HAN_SHAPES = ("SC", "TC", "HK", "JP", "KR")
HAN_SHAPES_OF_CHINESE = {"Hans": "SC", "HK": "HK", "MO": "HK", "TW": "TC", "Hant": "TC"}

# Shown in the place of a character that no font has: it is seen that something is missing.
REPLACEMENT = "\ufffd"
# Where a word may be broken that is too long for its line.
BREAK = "\u200b"
# What needs no drawing: spaces, line breaks, joiners and other signs that only steer the letters around them.
INVISIBLE_CATEGORIES = {"Cc", "Cf", "Zl", "Zp", "Zs"}


def font_folders() -> list[str]:
    """Return the folders to look for fonts in."""
    return [str(files(package)) for package in PACKAGES]


def han_shapes(language: str) -> str:
    """Return which of SHAPES readers of `language` expect; SC where unknown."""
    name, *subtags = language.split("-")
    if name == "zh":
        return next((shapes for subtag, shapes in HAN_SHAPES_OF_CHINESE.items() if subtag in subtags), "SC")
    return {"ja": "JP", "ko": "KR"}.get(name, "SC")


def families(language: str) -> list[str]:
    """Return the families to try for each character, in that order, in a text of `language`."""
    return families_with(han_shapes(language))


def families_with(shapes: str) -> list[str]:
    """Return these families with Han characters in one of SHAPES."""
    return ["Noto Sans", "Amiri", *(f"Noto Sans {script}" for script in SCRIPTS), f"Noto Sans CJK {shapes}", *OTHERS]


def replace_undrawable(text: str) -> tuple[str, int]:
    """Return `text` with MISSING for each character that no font has, and how many those were."""
    strange = {character for character in set(text) if not _has(character)}
    if not strange:
        return text, 0
    return "".join(REPLACEMENT if c in strange else c for c in text), sum(c in strange for c in text)


def break_word(word: str, longest: int) -> str:
    """Return `word` with a BREAK after each `longest` letters or more; a letter keeps its marks and joiners."""
    pieces, start = [], 0
    for at, character in enumerate(word):
        if at - start >= longest and unicodedata.category(character) not in {"Mn", "Mc", "Me", "Cf"}:
            pieces.append(word[start:at])
            start = at
    return BREAK.join([*pieces, word[start:]])


@lru_cache(maxsize=sys.maxunicode + 1)
def _has(character: str) -> bool:
    kind = unicodedata.category(character)
    if kind in INVISIBLE_CATEGORIES or unicodedata.name(character, "").startswith(
        ("VARIATION SELECTOR", "COMBINING GRAPHEME")
    ):
        return True
    return kind != "Co" and ord(character) in _characters()


@lru_cache(maxsize=1)
def _characters() -> frozenset[int]:
    return frozenset(code for font in _fonts() for code in font.getBestCmap())


def _fonts() -> Iterator[TTFont]:
    for file in sorted(
        file for folder in font_folders() for file in Path(folder).rglob("*") if file.suffix in FONT_SUFFIXES
    ):
        # All the fonts of a collection have the same characters, in the shapes of several languages.
        with TTCollection(file, lazy=True) if file.suffix == ".ttc" else TTFont(file, lazy=True) as opened:
            yield opened.fonts[0] if isinstance(opened, TTCollection) else opened
