"""Fonts: the shapes of Han characters by language, and the scripts that there are fonts for."""

import unicodedata

import pytest
import typst

from app.typesetting import fonts


@pytest.mark.parametrize(
    ("tag", "shapes"),
    [
        *(
            ("zh", "SC"),
            ("zh-Hans", "SC"),
            ("zh-Hans-HK", "SC"),
            ("zh-Hant", "TC"),
            ("zh-TW", "TC"),
            ("zh-Hant-TW", "TC"),
        ),
        *(("zh-HK", "HK"), ("zh-Hant-HK", "HK"), ("zh-Hant-MO", "HK"), ("ja", "JP"), ("ja-JP", "JP"), ("ko", "KR")),
        *(("en", "SC"), ("en-HK", "SC"), ("", "SC")),
    ],
)
def test_han_shapes_follow_the_language_tag(tag: str, shapes: str) -> None:
    assert fonts.han_shapes(tag) == shapes
    assert f"Noto Sans CJK {shapes}" in fonts.families(tag)


def test_typst_knows_the_families_of_other_scripts_by_our_names() -> None:
    known = typst.Fonts(False, False, fonts.font_folders(others=True)).families()
    letters = map(chr, range(0x110000))
    needed = {family for letter in letters for family in fonts.replace_undrawable(letter).others}
    assert len(needed) > 100
    assert needed <= set(known)


# What no font has yet in Debian or on the registries, or weighs too much: a name in one is told beside its row.
LACKING = {
    *("CUNEIFORM", "TANGUT", "SIGNWRITING", "CYPRO-MINOAN", "VITHKUQI", "NANDINAGARI", "CHORASMIAN", "MATHEMATICAL"),
    *("CJK", "HENTAIGANA"),
}


@pytest.mark.parametrize("letter", "\U00011f12\U00011bc0\U000105c0", ids=["Kawi", "Sunuwar", "Todhri"])
def test_letters_are_drawn_that_are_younger_than_this_python(letter: str) -> None:
    assert not fonts.replace_undrawable(letter).missing


def test_letters_of_every_other_script_are_drawn() -> None:
    lacking: dict[str, int] = {}
    for code in range(0x110000):
        name = unicodedata.name(chr(code), "TANGUT")  # Python names no Tangut, nor the newest of CJK
        if unicodedata.category(chr(code)) in {"Ll", "Lu", "Lo"} and fonts.replace_undrawable(chr(code)).missing:
            script = name.split()[0].split("-")[0]
            lacking[script] = lacking.get(script, 0) + 1
    few = {script for script, number in lacking.items() if number < 20}  # younger than the fonts
    assert set(lacking) - few - {script.split("-")[0] for script in LACKING} == set()
