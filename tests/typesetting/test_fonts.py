"""Fonts: the shapes of Han characters by language."""

import pytest

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
