"""Draws the image of a shared link, the badge, and the QR code.

By Typst, as the printed list is, and not by Pillow: that shapes text with one font at a time, so for a title in several
scripts we would have to find the fonts, break lines (UAX 14) and order runs (UAX 9) ourselves. Typst runs in this
process, not in a child process as for the list: a card takes 15 ms and keeps no memory, while a child would take ten
times as long only to start.
"""

import io
import json
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from markupsafe import escape
from PIL import Image, ImageOps
from qrcode import QRCode
from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.svg import SvgPathFillImage

from app.typesetting import fonts, serif
from app.web import language

CARD_SIZE = (1200, 630)  # what the large sites ask for
PHOTO_SIZE = (400, 630)
MAX_WORD_LENGTH = 24  # characters that fit into a line at a readable size even if all are as wide as W
NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2
CACHE_SIZE = 256
# Words that have no line breaks of their own (UAX 14); South-East and East Asian scripts, and emoji, have them.
UNBREAKABLE = re.compile(
    r"[^\s\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ud7af\uf900-\ufaff\ufe0f\u200b-\u200d\U0001f000-\U0003ffff]+"
)

_HERE = Path(__file__).parent
_one_at_a_time = threading.Lock()  # drawing uses a whole processor
_queue = threading.BoundedSemaphore(3)  # each waiting request holds a server thread


class Busy(Exception):
    """Too many pictures are being drawn; ask again later."""


@dataclass(frozen=True, slots=True)
class PictureCount:
    """The count as text, in the language of the page around it.

    Where signing has ended, or few have signed, there is no `goal` and no `percent`; while nobody has, no `count`.
    """

    language: str
    count: str
    words: str
    goal: str | None = None
    percent: int = 0


@dataclass(frozen=True, slots=True)
class PictureBranding:
    """The site's name, its colour on a light background, and whether Countersign's mark is shown."""

    name: str = "Countersign"
    accent: str = "#1d4478"  # as in static/css/tokens.css
    marked: bool = True


@dataclass(frozen=True, slots=True)
class Photo:
    """A petition's own image in one width, and what gives its JPEG; that is asked only when a card is drawn."""

    digest: str
    width: int
    data: Callable[[], bytes | None] = field(compare=False)


@lru_cache(maxsize=CACHE_SIZE)
def card(
    title: str, title_language: str, numbers: PictureCount, site: PictureBranding, photo: Photo | None = None
) -> bytes:
    """Return the image that goes with a shared link, as a PNG of CARD_SIZE; raise Busy where many are being drawn.

    With a `photo` it has the petition's own image beside title and count.
    """
    drawable = fonts.replace_undrawable(title)
    jpeg = photo.data() if photo else None
    words = UNBREAKABLE.sub(lambda found: fonts.break_word(found[0], MAX_WORD_LENGTH), drawable.text)
    data = {
        **_template_data(numbers, site),
        "title": {
            "words": words,
            "whole": sorted({piece for word in UNBREAKABLE.findall(words) for piece in word.split(fonts.BREAK)}),
            **_script(title_language, drawable.others),
            "families": serif.headings(fonts.families(title_language, drawable.others)),
        },
        "serif": serif.headings(fonts.families(numbers.language)),
        "photo": _cropped(jpeg) if jpeg else [],
    }
    return _render("card.typ", data, "png", others=bool(drawable.others or _name(site).others))


def badge(title: str, numbers: PictureCount, site: PictureBranding) -> bytes:
    """Return the count in a line, as an SVG image whose `<title>` says what it shows, and of which petition.

    Raises Busy where many are being drawn.
    """
    drawn = _badge(PictureCount(numbers.language, numbers.count, numbers.words), site)
    return _with_title(drawn, f"{numbers.count} {numbers.words} · {title}".lstrip())


@lru_cache(maxsize=CACHE_SIZE)
def qr_code(address: str) -> bytes:
    """Return the QR code of an address as an SVG image, black on white on any background.

    As in ISO/IEC 18004: a quiet zone of four modules, and error correction level M.
    """
    code = QRCode(error_correction=ERROR_CORRECT_M, border=4, box_size=20, image_factory=SvgPathFillImage)
    code.add_data(address)
    return _with_title(code.make_image().to_string(), address)


@lru_cache(maxsize=CACHE_SIZE)
def _badge(numbers: PictureCount, site: PictureBranding) -> bytes:
    return _render("badge.typ", _template_data(numbers, site), "svg", others=bool(_name(site).others))


def _template_data(numbers: PictureCount, site: PictureBranding) -> dict[str, object]:
    name = _name(site)
    return {**asdict(numbers), **asdict(site), "name": name.text, **_script(numbers.language, name.others)}


def _name(site: PictureBranding) -> fonts.Drawable:
    return fonts.replace_undrawable(site.name)


def _script(tag: str, others: Iterable[str] = ()) -> dict[str, object]:
    """Return the fonts, language and direction for text in a language that needs `others` besides."""
    rtl = language.text_direction(tag) == "rtl"
    return {"families": fonts.families(tag, others), "lang": tag.split("-")[0].lower(), "rtl": rtl}


def _cropped(jpeg: bytes) -> list[int]:
    """Return the middle of an image, as large as its place on a card, as numbers: Typst takes no bytes from outside."""
    out = io.BytesIO()
    with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as whole:
        ImageOps.fit(whole.convert("RGB"), PHOTO_SIZE).save(out, "JPEG", quality=90)
    return list(out.getvalue())


def _render(template: str, data: dict[str, object], kind: str, *, others: bool = False) -> bytes:
    if not _queue.acquire(blocking=False):
        raise Busy
    try:
        with _one_at_a_time:
            typst, known = _typesetter(others)
            drawn: bytes = typst.compile(
                _HERE / template,
                root=_HERE,
                font_paths=known,
                format=kind,
                ppi=72,
                sys_inputs={"data": json.dumps(data)},
            )
            return drawn
    finally:
        _queue.release()


@lru_cache(maxsize=2)
def _typesetter(others: bool) -> tuple[ModuleType, object]:
    import typst  # loaded only on use: commands and the mail worker do not need it

    return typst, typst.Fonts(False, False, [*fonts.font_folders(others=others), serif.FOLDER])


def _with_title(svg: bytes, words: str) -> bytes:
    """Return an SVG image with a `<title>`, for people who cannot see it."""
    start = svg.index(b"<svg")
    end = svg.index(b">", start) + 1
    tag = svg[start : end - 1] + b' role="img">'
    return tag + f"<title>{escape(NOT_IN_XML.sub('', words))}</title>".encode() + svg[end:]
