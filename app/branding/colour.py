"""The operator's colour as a style sheet, made darker or lighter until it is readable on every background.

Contrast is WCAG 2.2's, success criterion 1.4.3: at least 4.5 to 1.
"""

from functools import lru_cache

MIN_CONTRAST = 4.5
# The darkest background of links and buttons in light mode, and the lightest one in dark mode.
LIGHT_GROUND = "#e6ede4"
DARK_GROUND = "#26332a"
BLACK, WHITE = "#000000", "#ffffff"
STEPS = 100
HOVER_PERCENT = 25  # how much black or white is mixed in


@lru_cache(maxsize=8)
def style_sheet(colour: str) -> str:
    """Return CSS custom properties that replace the default accent colour by `colour` (as `#14532d`)."""
    light = _readable(colour, LIGHT_GROUND, BLACK)
    dark = _readable(colour, DARK_GROUND, WHITE)
    return (
        f":root {{\n{_properties(light, BLACK)}}}\n\n"
        f"@media (prefers-color-scheme: dark) {{\n:root {{\n{_properties(dark, WHITE)}}}\n}}\n"
    )


def on_light(colour: str) -> str:
    """Return `colour` made readable on a light background, and as a background of white text; for pictures."""
    return _readable(colour, LIGHT_GROUND, BLACK)


def contrast(one: str, other: str) -> float:
    """Return WCAG's contrast ratio of two colours, from 1 (the same) to 21 (black and white)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _readable(colour: str, ground: str, towards: str) -> str:
    """Return `colour` with as little black or white (`towards`) as makes it readable on `ground`."""
    mixed = (_mixed(colour, towards, step * 100 / STEPS) for step in range(STEPS + 1))
    return next(mixture for mixture in mixed if contrast(mixture, ground) >= MIN_CONTRAST)


def _properties(accent: str, towards: str) -> str:
    text = max((BLACK, WHITE), key=lambda colour: contrast(colour, accent))
    return f"--accent: {accent};\n--accent-strong: {_mixed(accent, towards, HOVER_PERCENT)};\n--on-accent: {text};\n"


def _mixed(colour: str, other: str, per_cent: float) -> str:
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(one + (two - one) * per_cent / 100):02x}" for one, two in pairs)


def _luminance(colour: str) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in
              (channel / 255 for channel in _channels(colour))]  # fmt: skip
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _channels(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
