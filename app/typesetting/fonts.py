"""Fonts of printed lists and pictures, characters that no font has, and breaks in long words."""

import sys
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from fontTools.ttLib import TTCollection, TTFont

# Packages with the fonts. Fonts of the machine are not used, so that every machine makes the same pages.
PACKAGES = ("manimgx_fonts", "noto_cjk_sans_otc", "fontpkg_amiri")
FONT_SUFFIXES = {".ttf", ".ttc", ".otf"}

# Amiri for Arabic: PDF viewers can search and copy a name only if each letter is one glyph. Noto has separate glyphs
# for letters and dots, and most other fonts have a ligature of lam and alif.
SCRIPTS = (
    *("Hebrew", "Devanagari", "Bengali", "Gurmukhi", "Gujarati", "Oriya", "Tamil", "Telugu", "Kannada", "Malayalam"),
    *("Sinhala", "Thai", "Lao", "Myanmar", "Khmer", "Ethiopic", "Armenian", "Georgian"),
)
OTHERS = ("Noto Sans Symbols", "Noto Emoji")
# The shapes of Han characters that readers expect. For Chinese the first of these subtags in the tag decides, so that
# zh-Hans-HK has simplified characters.
HAN_SHAPES = ("SC", "TC", "HK", "JP", "KR")
HAN_SHAPES_OF_CHINESE = {"Hans": "SC", "HK": "HK", "MO": "HK", "TW": "TC", "Hant": "TC"}

# Shown for a character that no font has, so that readers see that something is missing.
REPLACEMENT = "\ufffd"
# Break opportunity in a word that is too long for its line (ZERO WIDTH SPACE).
BREAK = "\u200b"
# Characters that need no glyph: spaces, line breaks, joiners and other format characters.
INVISIBLE_CATEGORIES = {"Cc", "Cf", "Zl", "Zp", "Zs"}


def font_folders() -> list[str]:
    """Return the folders with the fonts."""
    return [str(files(package)) for package in PACKAGES]


def han_shapes(language: str) -> str:
    """Return which of HAN_SHAPES readers of `language` expect; SC if unknown."""
    name, *subtags = language.split("-")
    if name == "zh":
        return next((shapes for subtag, shapes in HAN_SHAPES_OF_CHINESE.items() if subtag in subtags), "SC")
    return {"ja": "JP", "ko": "KR"}.get(name, "SC")


def families(language: str) -> list[str]:
    """Return the font families for a text of `language`, in the order of fallback."""
    return families_with(han_shapes(language))


def families_with(shapes: str) -> list[str]:
    """Return the font families with Han characters in one of HAN_SHAPES, in the order of fallback."""
    return ["Noto Sans", "Amiri", *(f"Noto Sans {script}" for script in SCRIPTS), f"Noto Sans CJK {shapes}", *OTHERS]


def replace_undrawable(text: str) -> tuple[str, int]:
    """Return `text` with REPLACEMENT for each character that no font has, and the number of replacements."""
    undrawable = {character for character in set(text) if not _is_drawable(character)}
    if not undrawable:
        return text, 0
    return "".join(REPLACEMENT if c in undrawable else c for c in text), sum(c in undrawable for c in text)


def break_word(word: str, max_length: int) -> str:
    """Return `word` with a BREAK after every `max_length` characters; a character keeps its marks and joiners."""
    pieces, start = [], 0
    for at, character in enumerate(word):
        if at - start >= max_length and unicodedata.category(character) not in {"Mn", "Mc", "Me", "Cf"}:
            pieces.append(word[start:at])
            start = at
    return BREAK.join([*pieces, word[start:]])


@lru_cache(maxsize=sys.maxunicode + 1)
def _is_drawable(character: str) -> bool:
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
