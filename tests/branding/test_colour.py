"""The operator's colour: any colour is made readable, in light and in dark mode."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import config
from app.branding.colour import contrast, style_sheet

GROUNDS = ("paper", "surface", "wash")
TOKENS = (config.ROOT / "static/css/tokens.css").read_text("utf-8")
colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def schemes(css: str) -> list[dict[str, str]]:
    """Return a style sheet's colours by property: those of light mode, and those of dark mode."""
    light, dark = css.split("@media (prefers-color-scheme: dark)", 1)
    return [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", part)) for part in (light, dark)]


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#ffffff", 21), ("#777777", "#ffffff", 4.48), ("#14532d", "#14532d", 1), ("#ff0000", "#ffffff", 4.0)],
)
def test_contrast_is_computed_as_in_wcag(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == contrast(other, one) == pytest.approx(ratio, abs=0.005)


@given(colours)
@example("#ffffff")
@example("#000000")
@example("#ffee00")
@example("#000033")
def test_any_colour_is_made_readable_on_every_background(colour: str) -> None:
    for own, tokens in zip(schemes(style_sheet(colour)), schemes(TOKENS), strict=True):
        assert own.keys() == {"accent", "accent-strong", "on-accent"} <= tokens.keys()
        for accent in (own["accent"], own["accent-strong"]):
            assert contrast(accent, own["on-accent"]) >= 4.5
            for ground in GROUNDS:
                assert contrast(accent, tokens[ground]) >= 4.5, ground


def test_a_readable_colour_is_not_changed() -> None:
    light, dark = schemes(style_sheet("#7A1F5C"))
    assert light["accent"] == "#7a1f5c"
    assert dark["accent"] != "#7a1f5c"
    assert schemes(style_sheet("#ffd700"))[1]["accent"] == "#ffd700"
