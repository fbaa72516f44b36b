"""A header image: whatever was uploaded is decoded and made anew, so that nothing of the file itself is passed on."""

import hashlib
import io
from dataclasses import dataclass
from typing import IO

from flask_babel import gettext as _
from PIL import Image, ImageCms, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
MOST_PIXELS = 50_000_000  # the largest that phones take by themselves; decoded it is 200 MB for a moment
LEAST_WIDTH = 200
WIDTHS = (480, 960, 1600)
QUALITY = 82

Image.MAX_IMAGE_PIXELS = MOST_PIXELS  # beyond it Pillow warns, and at twice of it refuses, before it decodes anything


class BadImage(Exception):
    """The upload is no image that we take; the text says what would be right."""


@dataclass(frozen=True, slots=True)
class Sized:
    """The image in one width, as a JPEG."""

    width: int
    height: int
    data: bytes


def remake(upload: IO[bytes]) -> list[Sized]:
    """Return the uploaded image in each width that it is large enough for, the narrowest first; raise BadImage.

    JPEG rather than WebP, which would save a quarter: the messengers and mail programs that petitions are passed on
    with all show it. It is turned upright, in sRGB, on white, and without any metadata.
    """
    try:
        whole = _decoded(upload)
        return [_sized(whole, width) for width in sorted({min(width, whole.width) for width in WIDTHS})]
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise BadImage(_("This image is too large. It may have at most 50 million pixels.")) from None
    except BadImage:
        raise
    except Exception:  # noqa: BLE001 - decoders fail on broken files in ways of their own
        raise BadImage(_("This is no image that we can read. Please choose a JPEG, PNG, WebP or GIF file.")) from None


def digest(sizes: list[Sized]) -> str:
    """Return what the image is called in addresses: another image has another one."""
    return hashlib.sha256(b"".join(size.data for size in sizes)).hexdigest()[:32]


def _decoded(upload: IO[bytes]) -> Image.Image:
    image = Image.open(upload, formats=FORMATS)  # reads the head of the file only
    if image.width * image.height > MOST_PIXELS:
        raise Image.DecompressionBombError
    if min(image.size) < LEAST_WIDTH:
        raise BadImage(_("This image is too small. It must be at least 200 pixels wide and high."))
    image.draft("RGB", (WIDTHS[-1], WIDTHS[-1]))  # a large JPEG need not be decoded in full
    image.load()
    return _on_white(_in_srgb(ImageOps.exif_transpose(image)))


def _in_srgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    if profile and image.mode in {"RGB", "RGBA", "CMYK"}:
        alpha = image.getchannel("A") if image.mode == "RGBA" else None
        opaque = image.convert("RGB") if alpha else image
        try:
            theirs = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(opaque, theirs, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):  # a profile that is none, or does not fit: the colours stay as they are
            return image
        if converted is not None:
            if alpha:
                converted.putalpha(alpha)
            return converted
    return image


def _on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def _sized(whole: Image.Image, width: int) -> Sized:
    height = max(1, round(whole.height * width / whole.width))
    small = whole if width == whole.width else whole.resize((width, height), Image.Resampling.LANCZOS)
    small.info = {}
    out = io.BytesIO()
    small.save(out, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return Sized(width, height, out.getvalue())
