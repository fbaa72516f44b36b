"""The site's serif for headings on paper: the one that its pages have, in the form that the typesetter reads."""

from pathlib import Path

FAMILY = "Brygada 1918"
# One file of the three that browsers load, made of them by fontTools' merger.
FOLDER = str(Path(__file__).parents[2] / "static" / "fonts")


def headings(families: list[str]) -> list[str]:
    """Return the font families for a heading, in the order of fallback: the serif, then those of the text."""
    return [FAMILY, *families]
