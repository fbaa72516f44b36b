"""Fonts of printed lists and pictures, characters that no font has, and breaks in long words."""

import sys
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from fontTools.ttLib import TTCollection, TTFont

# Packages with the fonts. Fonts of the machine are not used, so that every machine makes the same pages.
PACKAGES = ("manimgx_fonts", "noto_cjk_sans_otc", "fontpkg_amiri")
FONT_SUFFIXES = {".ttf", ".ttc", ".otf"}
# Fonts of more than a hundred scripts that no package has; tests/gather_fonts.py gathered them. They are opened for a
# text that needs one alone, so that all others take the time and memory that they took.
OTHER_SCRIPTS = Path(__file__).with_name("noto")

# Amiri for Arabic: PDF viewers can search and copy a name only if each letter is one glyph. Noto has separate glyphs
# for letters and dots, and most other fonts have a ligature of lam and alif.
SCRIPTS = (
    *("Hebrew", "Devanagari", "Bengali", "Gurmukhi", "Gujarati", "Oriya", "Tamil", "Telugu", "Kannada", "Malayalam"),
    *("Sinhala", "Thai", "Lao", "Myanmar", "Khmer", "Ethiopic", "Armenian", "Georgian"),
)
SYMBOLS = ("Noto Sans Symbols", "Noto Emoji")
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


@dataclass(frozen=True, slots=True)
class Drawable:
    """A text as it can be drawn: what is `missing` has become REPLACEMENT, `others` are families it needs besides."""

    text: str
    missing: str = ""
    others: frozenset[str] = frozenset()


def font_folders(*, others: bool = False) -> list[str]:
    """Return the folders with the fonts, and with those of `others` if a text needs one."""
    return [*(str(files(package)) for package in PACKAGES), *([str(OTHER_SCRIPTS)] if others else [])]


def han_shapes(language: str) -> str:
    """Return which of HAN_SHAPES readers of `language` expect; SC if unknown."""
    name, *subtags = language.split("-")
    if name == "zh":
        return next((shapes for subtag, shapes in HAN_SHAPES_OF_CHINESE.items() if subtag in subtags), "SC")
    return {"ja": "JP", "ko": "KR"}.get(name, "SC")


def families(language: str, others: Iterable[str] = ()) -> list[str]:
    """Return the font families for a text of `language` that needs `others` besides, in the order of fallback."""
    return families_with(han_shapes(language), others)


def families_with(shapes: str, others: Iterable[str] = ()) -> list[str]:
    """Return the font families with Han characters in one of HAN_SHAPES, in the order of fallback."""
    of_scripts = [f"Noto Sans {script}" for script in SCRIPTS]
    return ["Noto Sans", "Amiri", *of_scripts, f"Noto Sans CJK {shapes}", *SYMBOLS, *sorted(others)]


def replace_undrawable(text: str) -> Drawable:
    """Return `text` with REPLACEMENT for each character that no font has, those characters, and what fonts it needs."""
    needed = {character: family for character in set(text) if (family := _family_besides(character)) != ""}
    if not needed:
        return Drawable(text)
    missing = "".join(character for character in text if needed.get(character, "") is None)
    drawn = "".join(REPLACEMENT if needed.get(character, "") is None else character for character in text)
    return Drawable(drawn, missing, frozenset(family for family in needed.values() if family))


def break_word(word: str, max_length: int) -> str:
    """Return `word` with a BREAK after every `max_length` characters; a character keeps its marks and joiners."""
    pieces, start = [], 0
    for at, character in enumerate(word):
        if at - start >= max_length and unicodedata.category(character) not in {"Mn", "Mc", "Me", "Cf"}:
            pieces.append(word[start:at])
            start = at
    return BREAK.join([*pieces, word[start:]])


@lru_cache(maxsize=sys.maxunicode + 1)
def _family_besides(character: str) -> str | None:
    """Return the family of OTHER_SCRIPTS that the character needs; "" if it needs none, None if no font has it."""
    kind = unicodedata.category(character)
    if kind in INVISIBLE_CATEGORIES or unicodedata.name(character, "").startswith(
        ("VARIATION SELECTOR", "COMBINING GRAPHEME")
    ):
        return ""
    if kind == "Co":
        return None
    return "" if ord(character) in characters() else _others().get(ord(character))


@lru_cache(maxsize=1)
def characters() -> frozenset[int]:
    """Return the characters that the packages have."""
    return frozenset(code for folder in font_folders() for font in _fonts(Path(folder)) for code in font.getBestCmap())


@lru_cache(maxsize=1)
def _others() -> dict[int, str]:
    # Typst takes the name of Old Italic's family for that of a style.
    return {
        code: font["name"].getDebugName(1).removesuffix(" Italic")
        for font in _fonts(OTHER_SCRIPTS)
        for code in font.getBestCmap()
    }


def _fonts(folder: Path) -> Iterator[TTFont]:
    for file in sorted(file for file in folder.rglob("*") if file.suffix in FONT_SUFFIXES):
        # All the fonts of a collection have the same characters, in the shapes of several languages.
        with TTCollection(file, lazy=True) if file.suffix == ".ttc" else TTFont(file, lazy=True) as opened:
            yield opened.fonts[0] if isinstance(opened, TTCollection) else opened
