"""Header images: an upload is decoded and re-encoded, so that no byte of the file itself is published."""

import hashlib
import io
import threading
from dataclasses import dataclass
from typing import IO

from flask_babel import gettext as _
from PIL import ExifTags, Image, ImageCms, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
MAX_PIXELS = 50_000_000  # the largest photos of usual phones
MAX_PIXELS_IN_MEMORY = 25_000_000  # if the whole image must be in memory, at up to 8 bytes per pixel
MIN_SIDE = 200
WIDTHS = (480, 960, 1600)
QUALITY = 82
MAX_SCANS = 100  # a progressive JPEG has a dozen; each can cost as much as a whole image
START_OF_SCAN = b"\xff\xda"
WAIT_SECONDS = 20
LINES_PER_STRIP = 64  # lines of the reduced image per step
SIDEWAYS_ORIENTATIONS = {5, 6, 7, 8}

Image.MAX_IMAGE_PIXELS = MAX_PIXELS  # Pillow warns above it, and refuses above twice of it, before decoding

_one_at_a_time = threading.Lock()  # a large image needs some 250 MB


class BadImage(Exception):
    """The upload is not accepted; the text is the error message for the organiser."""


@dataclass(frozen=True, slots=True)
class ImageSize:
    """The image in one width, as a JPEG."""

    width: int
    height: int
    data: bytes


def resize_image(upload: IO[bytes]) -> list[ImageSize]:
    """Return the uploaded image in each of WIDTHS that it is large enough for, narrowest first; raise BadImage.

    JPEG, because all messengers and mail programs show it; WebP would save a quarter. The result is upright, in sRGB,
    on white, and without metadata.
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
    except Exception:  # noqa: BLE001 - decoders raise any error on broken files
        raise BadImage(_("This is no image that we can read. Please choose a JPEG, PNG, WebP or GIF file.")) from None
    finally:
        _one_at_a_time.release()


def image_digest(sizes: list[ImageSize]) -> str:
    """Return a digest of the image, which names it in URLs."""
    return hashlib.sha256(b"".join(size.data for size in sizes)).hexdigest()[:32]


def _decoded(upload: IO[bytes]) -> Image.Image:
    image = Image.open(upload, formats=FORMATS)  # reads only the header of the file
    is_baseline_jpeg = image.format == "JPEG" and not image.info.get("progressive")
    if image.width * image.height > (MAX_PIXELS if is_baseline_jpeg else MAX_PIXELS_IN_MEMORY):
        raise Image.DecompressionBombError
    if image.format == "JPEG" and _count_scans(upload) > MAX_SCANS:
        raise Image.DecompressionBombError
    if min(image.size) < MIN_SIDE:
        raise BadImage(_("This image is too small. It must be at least 200 pixels wide and high."))
    image.draft("RGB", (WIDTHS[-1], WIDTHS[-1]))  # a large JPEG need not be decoded in full
    image.load()
    # Reduced first, as each later step needs memory for two copies.
    return _on_white(_in_srgb(ImageOps.exif_transpose(_reduce(image))))


def _count_scans(upload: IO[bytes]) -> int:
    at = upload.tell()
    upload.seek(0)
    number = upload.read().count(START_OF_SCAN)
    upload.seek(at)
    return number


def _reduce(image: Image.Image) -> Image.Image:
    """Return the image reduced by the largest whole factor that keeps the largest of WIDTHS, when upright."""
    turned = image.getexif().get(ExifTags.Base.Orientation) in SIDEWAYS_ORIENTATIONS
    factor = (image.height if turned else image.width) // WIDTHS[-1]
    if factor < 2:
        return image
    mode = "RGBA" if image.has_transparency_data else "CMYK" if image.mode == "CMYK" else "RGB"
    small = Image.new(mode, (-(-image.width // factor), -(-image.height // factor)))
    small.info = {name: value for name, value in image.info.items() if name != "transparency"}
    for top in range(0, small.height, LINES_PER_STRIP):
        strip = image.crop((0, top * factor, image.width, min(image.height, (top + LINES_PER_STRIP) * factor)))
        small.paste(strip.convert(mode).reduce(factor), (0, top))
    return small


def _in_srgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    if profile and image.mode in {"RGB", "RGBA", "CMYK"}:
        alpha = image.getchannel("A") if image.mode == "RGBA" else None
        opaque = image.convert("RGB") if alpha else image
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(opaque, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):  # invalid profile: keep the colours
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
