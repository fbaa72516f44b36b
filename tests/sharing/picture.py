"""Finds out where something is drawn on a picture."""

import io

from PIL import Image, ImageChops

PAPER = "#faf7f0"
MARGIN = 60
TITLE = (120, 408)  # the lines of the card between which its title stands


def opened(png: bytes) -> Image.Image:
    """Return a PNG as an image in RGB."""
    return Image.open(io.BytesIO(png)).convert("RGB")


def ink(image: Image.Image, top: int = 0, bottom: int = 630) -> tuple[int, int, int, int] | None:
    """Return the box around everything drawn between two lines of the card; None if nothing is."""
    part = image.crop((0, top, image.width, bottom))
    difference = ImageChops.difference(part, Image.new("RGB", part.size, PAPER)).convert("L")
    return difference.point(lambda value: 255 if value > 24 else 0).getbbox()
