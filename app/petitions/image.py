"""A header image: an upload is decoded and encoded anew, so that nothing of the file itself is passed on."""

import hashlib
import io
import threading
from dataclasses import dataclass
from typing import IO

from flask_babel import gettext as _
from PIL import ExifTags, Image, ImageCms, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
MAX_PIXELS = 50_000_000  # the largest that phones take by themselves
MAX_PIXELS_IN_MEMORY = 25_000_000  # where all of them must be in memory at once, with up to 8 bytes for each
MIN_SIDE = 200
WIDTHS = (480, 960, 1600)
QUALITY = 82
MAX_SCANS = 100  # of a progressive JPEG, which has a dozen; each may ask for the work of a whole image
START_OF_SCAN = b"\xff\xda"
WAIT_SECONDS = 20
LINES_PER_STRIP = 64  # lines of the smaller image that are made at once
SIDEWAYS_ORIENTATIONS = {5, 6, 7, 8}

Image.MAX_IMAGE_PIXELS = MAX_PIXELS  # beyond it Pillow warns, and at twice of it refuses, before it decodes anything

_one_at_a_time = threading.Lock()  # a large one takes some 250 MB for a moment


class BadImage(Exception):
    """The upload is no image that we take; the text says what would be right."""


@dataclass(frozen=True, slots=True)
class ImageSize:
    """The image in one width, as a JPEG."""

    width: int
    height: int
    data: bytes


def resize_image(upload: IO[bytes]) -> list[ImageSize]:
    """Return the uploaded image in each width that it is large enough for, the narrowest first; raise BadImage.

    JPEG rather than WebP, which would save a quarter: the messengers and mail programs that petitions are passed on
    with all show it. It is turned upright, in sRGB, on white, and without any metadata.
    """
    if not _one_at_a_time.acquire(timeout=WAIT_SECONDS):
        raise BadImage(_("Other images are being made at this moment. Please try again in a minute."))
    try:
        whole = _decoded(upload)
        return [_sized(whole, width) for width in sorted({min(width, whole.width) for width in WIDTHS})]
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        words = _("This image is too large. It may have at most 25 million pixels, or 50 million as a plain JPEG.")
        raise BadImage(words) from None
    except BadImage:
        raise
    except Exception:  # noqa: BLE001 - decoders fail on broken files in ways of their own
        raise BadImage(_("This is no image that we can read. Please choose a JPEG, PNG, WebP or GIF file.")) from None
    finally:
        _one_at_a_time.release()


def image_digest(sizes: list[ImageSize]) -> str:
    """Return the name of the image in addresses, by its content."""
    return hashlib.sha256(b"".join(size.data for size in sizes)).hexdigest()[:32]


def _decoded(upload: IO[bytes]) -> Image.Image:
    image = Image.open(upload, formats=FORMATS)  # reads the head of the file only
    in_part = image.format == "JPEG" and not image.info.get("progressive")
    if image.width * image.height > (MAX_PIXELS if in_part else MAX_PIXELS_IN_MEMORY):
        raise Image.DecompressionBombError
    if image.format == "JPEG" and _scans(upload) > MAX_SCANS:
        raise Image.DecompressionBombError
    if min(image.size) < MIN_SIDE:
        raise BadImage(_("This image is too small. It must be at least 200 pixels wide and high."))
    image.draft("RGB", (WIDTHS[-1], WIDTHS[-1]))  # a large JPEG need not be decoded in full
    image.load()
    # Reduced first, as each later step holds the image twice.
    return _on_white(_in_srgb(ImageOps.exif_transpose(_smaller(image))))


def _scans(upload: IO[bytes]) -> int:
    at = upload.tell()
    upload.seek(0)
    number = upload.read().count(START_OF_SCAN)
    upload.seek(at)
    return number


def _smaller(image: Image.Image) -> Image.Image:
    """Return the image as small as it can be by a whole number and still have the largest of WIDTHS when upright."""
    turned = image.getexif().get(ExifTags.Base.Orientation) in SIDEWAYS_ORIENTATIONS
    by = (image.height if turned else image.width) // WIDTHS[-1]
    if by < 2:
        return image
    mode = "RGBA" if image.has_transparency_data else "CMYK" if image.mode == "CMYK" else "RGB"
    small = Image.new(mode, (-(-image.width // by), -(-image.height // by)))
    small.info = {name: value for name, value in image.info.items() if name != "transparency"}
    for top in range(0, small.height, LINES_PER_STRIP):
        strip = image.crop((0, top * by, image.width, min(image.height, (top + LINES_PER_STRIP) * by)))
        small.paste(strip.convert(mode).reduce(by), (0, top))
    return small


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


def _sized(whole: Image.Image, width: int) -> ImageSize:
    height = max(1, round(whole.height * width / whole.width))
    small = whole if width == whole.width else whole.resize((width, height), Image.Resampling.LANCZOS)
    small.info = {}
    out = io.BytesIO()
    small.save(out, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return ImageSize(width, height, out.getvalue())
