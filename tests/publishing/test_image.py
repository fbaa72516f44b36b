"""The header image: re-encoded, offered in several widths, and invalid files are refused."""

import io
import os
import zlib
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image, ImageCms
from sqlalchemy import func, select
from werkzeug.test import EnvironBuilder, TestResponse

from app.db import db
from app.models import Picture
from app.petitions.image import BadImage, resize_image
from tests.factories import SLUG
from tests.html_page import HtmlPage
from tests.publishing.conftest import PLACE, Desk, stored

IMAGE = f"{PLACE}/image"


def encoded(kind: str = "JPEG", size: tuple[int, int] = (2000, 1000), mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, "red" if mode != "CMYK" else None).save(out, kind, **options)
    return out.getvalue()


def upload(desk: Desk, data: bytes, name: str = "photo.jpg", alt: str = "Red shelves") -> TestResponse:
    token = desk.form(IMAGE)["csrf_token"]
    return desk.client.post(IMAGE, data={"csrf_token": token, "alt": alt, "file": (io.BytesIO(data), name)})


def number_of_pictures(app: Flask) -> int:
    with app.app_context():
        return db.session.scalars(select(func.count()).select_from(Picture)).one()


def test_an_image_has_three_widths_and_is_cached_for_good(app: Flask, desk: Desk, client: FlaskClient) -> None:
    assert upload(desk, encoded()).status_code == 303
    (image,) = HtmlPage(client.get(f"/petitions/{SLUG}").text).all("img")
    assert (image.get("alt"), image.get("width"), image.get("height")) == ("Red shelves", "1600", "800")
    addresses = [one.split()[0] for one in (image.get("srcset") or "").split(", ")]
    widths = []
    for address in addresses:
        answer = client.get(address)
        assert answer.mimetype == "image/jpeg"
        assert "immutable" in answer.headers["Cache-Control"] and "public" in answer.headers["Cache-Control"]
        widths.append(Image.open(io.BytesIO(answer.data)).width)
    assert widths == [480, 960, 1600]
    assert image.get("src") == addresses[-1]


def test_a_new_image_has_a_new_address_and_the_old_one_is_a_404(app: Flask, desk: Desk, client: FlaskClient) -> None:
    upload(desk, encoded())
    (old,) = HtmlPage(client.get(f"/petitions/{SLUG}").text).all("img")
    upload(desk, encoded(size=(700, 700)))
    (new,) = HtmlPage(client.get(f"/petitions/{SLUG}").text).all("img")
    assert (new.get("width"), number_of_pictures(app)) == ("700", 2)
    assert client.get(old.get("src") or "").status_code == 404
    token = desk.form(IMAGE)["csrf_token"]
    assert desk.client.post(f"{IMAGE}/remove", data={"csrf_token": token}).status_code == 303
    assert not HtmlPage(client.get(f"/petitions/{SLUG}").text).all("img")
    assert number_of_pictures(app) == 0


def test_the_text_alternative_is_required_and_can_be_changed_alone(app: Flask, desk: Desk) -> None:
    assert upload(desk, encoded(), alt="").status_code == 422
    assert desk.send(IMAGE, alt="Words").status_code == 422
    upload(desk, encoded())
    assert desk.send(IMAGE, alt="Better words").status_code == 303
    assert (stored(app).image_alt, number_of_pictures(app)) == ("Better words", 3)


def test_the_image_of_a_draft_is_for_its_organisers_alone(draft: Desk, client: FlaskClient) -> None:
    upload(draft, encoded())
    (image,) = draft.page(f"{PLACE}/preview").all("img")
    address = image.get("src") or ""
    assert address.startswith("/organise/")
    assert draft.get(address).status_code == 200
    assert client.get(address).status_code in {302, 401}
    assert client.get(f"/petitions/{SLUG}/image/{address.rpartition('/')[2]}").status_code == 404


SCRIPTS = {
    "a script": b"<script>alert(1)</script>",
    "an SVG": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "HTML": b"<!doctype html><html>",
    "a PDF": b"%PDF-1.7\n",
    "EPS, which would run programs": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 500 500\n",
    "nothing": b"",
    "TIFF": encoded("TIFF", (200, 200)),
    "a truncated JPEG": encoded()[:-600],
    "a truncated PNG": encoded("PNG")[: len(encoded("PNG")) // 2],
    "only the head of a GIF": encoded("GIF")[:20],
    "noise behind a JPEG's head": encoded()[:300] + os.urandom(5000),
}


@pytest.mark.parametrize("what", SCRIPTS)
def test_a_file_that_is_not_an_image_is_refused_whatever_its_name(app: Flask, desk: Desk, what: str) -> None:
    answer = upload(desk, SCRIPTS[what], name="photo.jpg")
    assert answer.status_code == 422
    page = HtmlPage(answer.text)
    assert page.errors() == {"file": "This is no image that we can read. Please choose a JPEG, PNG, WebP or GIF file."}
    assert page.by_id("alt").get("value") == "Red shelves"
    assert number_of_pictures(app) == 0


def bomb(width: int, height: int) -> bytes:
    """Return a small PNG whose header gives a huge size (decompression bomb)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


@pytest.mark.filterwarnings("ignore:Image size")
@pytest.mark.parametrize("size", [(7100, 7100), (9000, 9000), (60_000, 60_000), (2_000_000_000, 300)])
def test_a_decompression_bomb_is_refused_before_decoding(size: tuple[int, int]) -> None:
    with pytest.raises(BadImage, match="too large"):
        resize_image(io.BytesIO(bomb(*size)))


def test_a_jpeg_with_thousands_of_scans_is_refused_before_decoding() -> None:
    picture = io.BytesIO()
    Image.new("RGB", (300, 300)).save(picture, "JPEG", progressive=True)
    assert resize_image(io.BytesIO(picture.getvalue()))
    with pytest.raises(BadImage, match="too large"):
        resize_image(io.BytesIO(picture.getvalue() + b"\xff\xda" * 100))


def test_a_tiny_image_is_refused() -> None:
    with pytest.raises(BadImage, match="too small"):
        resize_image(io.BytesIO(encoded(size=(1, 1))))


class Endless:
    """A generated body of 200 MB that counts how much of it was read."""

    def __init__(self, head: bytes) -> None:
        self.left, self.read_so_far, self._head = 200 * 1024 * 1024, 0, head

    def read(self, size: int = -1) -> bytes:
        size = self.left if size < 0 else min(size, self.left)
        self.left -= size
        self.read_so_far += size
        head, self._head = self._head[:size], self._head[size:]
        return head + bytes(size - len(head))

    def readline(self, size: int = -1) -> bytes:
        return self.read(min(size, 1000) if size > 0 else 1000)

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self.read(65536), b"")


@pytest.mark.parametrize("says_its_length", [True, False])
def test_an_image_of_200_megabytes_is_refused_and_not_read(app: Flask, desk: Desk, says_its_length: bool) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    body = Endless(head)
    builder = EnvironBuilder(path=IMAGE, method="POST", headers={"Content-Type": "multipart/form-data; boundary=x"})
    environ = builder.get_environ()
    environ["wsgi.input"] = body
    if says_its_length:
        environ["CONTENT_LENGTH"] = str(body.left)
    else:
        environ.pop("CONTENT_LENGTH", None)
        environ["wsgi.input_terminated"] = True
    desk.client._add_cookies_to_wsgi(environ)
    answer = desk.client.run_wsgi_app(environ, buffered=True)
    assert answer[1].startswith("413")
    assert body.read_so_far <= (0 if says_its_length else 11 * 1024 * 1024)
    assert number_of_pictures(app) == 0


def reencoded(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(resize_image(io.BytesIO(data))[-1].data))


def test_metadata_is_removed_and_its_rotation_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # rotated by 90 degrees
    exif[0x010F] = "Secret Camera"
    exif.get_ifd(0x8825)[1] = "N"
    data = encoded(size=(900, 600), exif=exif, comment=b"Secret comment")
    sizes = resize_image(io.BytesIO(data))
    image = Image.open(io.BytesIO(sizes[-1].data))
    assert image.size == (600, 900)
    assert not image.getexif() and "comment" not in image.info and "icc_profile" not in image.info
    assert all(b"Secret" not in size.data for size in sizes)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        *(("PNG", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")),
        *(("JPEG", mode) for mode in ("L", "RGB", "CMYK")),
        *(("WEBP", mode) for mode in ("RGB", "RGBA")),
        *(("GIF", mode) for mode in ("L", "P")),
    ],
)
def test_every_kind_of_image_becomes_an_rgb_jpeg(kind: str, mode: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (300, 200)).save(out, kind)
    image = reencoded(out.getvalue())
    assert (image.mode, image.format, image.size) == ("RGB", "JPEG", (300, 200))


def test_transparent_areas_become_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (300, 200), (0, 0, 0, 0)).save(out, "PNG")
    assert reencoded(out.getvalue()).getpixel((10, 10)) == (255, 255, 255)


def test_only_the_first_frame_of_an_animation_is_used() -> None:
    out = io.BytesIO()
    frames = [Image.new("RGB", (300, 200), colour) for colour in ("red", "blue")]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    red, _, blue = reencoded(out.getvalue()).getpixel((10, 10))  # type: ignore[misc]
    assert red > 200 > 50 > blue


def test_other_colour_profiles_are_converted_to_srgb() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    assert reencoded(encoded(size=(300, 300), icc_profile=profile.tobytes())).getpixel((5, 5))
    assert reencoded(encoded(size=(300, 300), icc_profile=b"no profile")).getpixel((5, 5))


def test_an_image_is_never_enlarged() -> None:
    assert [size.width for size in resize_image(io.BytesIO(encoded(size=(700, 400))))] == [480, 700]
    assert [size.width for size in resize_image(io.BytesIO(encoded(size=(300, 400))))] == [300]


def test_after_an_error_the_form_asks_for_the_file_again(desk: Desk) -> None:
    refused = upload(desk, encoded(), alt="").text
    assert "please choose it again" in refused and "Nothing is lost" not in refused
