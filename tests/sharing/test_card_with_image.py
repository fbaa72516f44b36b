"""A petition's own image on the card of its links: beside the words, so that any image leaves them readable."""

import io

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import delete, select

from app.db import transaction
from app.models import Petition, Picture
from app.petitions.image import image_digest, resize_image
from app.sharing import draw
from app.sharing.draw import Photo, PictureCount
from app.web.language import INTERFACE_LANGUAGES
from tests.factories import make_petition, make_signature
from tests.sharing.picture import MARGIN, ink, opened
from tests.sharing.test_card import CARD, SITE, TITLES

RULE = 12


def photo_of(colour: str | None) -> Photo:
    """Return a photo of one colour, or one that has all colours."""
    image = Image.new("RGB", (960, 640), colour) if colour else Image.effect_noise((960, 640), 90).convert("RGB")
    out = io.BytesIO()
    image.save(out, "JPEG")
    return Photo(f"{colour}", 960, out.getvalue)


def beside_photo(image: Image.Image, *, right_to_left: bool) -> Image.Image:
    """Return the part of a card that is for its words, without the double rule."""
    return image.crop((400 + RULE, 0, 1200, 630) if right_to_left else (0, 0, 800 - RULE, 630))


@pytest.mark.parametrize("colour", ["#faf7f0", "#1d4478", "#000000", None])
@pytest.mark.parametrize("name", ["long", "without a space", "arabic", "both directions"])
def test_no_word_stands_on_the_petitions_own_image(name: str, colour: str | None) -> None:
    title, spoken = TITLES[name]
    numbers = PictureCount("ar" if spoken == "ar" else "en", "1,365,365", "vahvistettua allekirjoitusta")
    image = opened(draw.card(title[:200], spoken, numbers, SITE, photo_of(colour)))
    assert image.size == draw.CARD_SIZE
    at_edge = 0 if spoken == "ar" else 800
    found = ink(beside_photo(image, right_to_left=spoken == "ar"))
    assert found and found[0] >= MARGIN - RULE and found[2] <= 800 - MARGIN and found[1] >= MARGIN
    photo = image.crop((at_edge + RULE, 0, at_edge + 400 - RULE, 630))
    seen = [count for count, _colour in photo.getcolors(1 << 20) or ()]
    assert len(seen) == 1 if colour else len(seen) > 50, "nothing is drawn on it"


@pytest.mark.parametrize("language", INTERFACE_LANGUAGES)
def test_the_count_fits_beside_an_image_in_every_language(app: Flask, client: FlaskClient, language: str) -> None:
    make_petition(app)
    make_signature(app)
    with_image(app, "#faf7f0")
    image = opened(client.get(CARD.replace("card", f"card.{language}")).data)
    found = ink(beside_photo(image, right_to_left=language == "ar"))
    assert found and found[0] >= MARGIN - RULE and found[2] <= 800 - MARGIN


def test_a_new_image_is_on_the_card_at_once(app: Flask, client: FlaskClient) -> None:
    make_petition(app)
    plain = client.get(CARD)
    with_image(app, "#aa3300")
    shown = client.get(CARD)
    assert shown.headers["ETag"] != plain.headers["ETag"]
    red, green, blue = opened(shown.data).getpixel((1100, 300))  # type: ignore[misc]
    assert abs(red - 0xAA) + abs(green - 0x33) + abs(blue) < 12
    with_image(app, "#0033aa")
    assert client.get(CARD).headers["ETag"] != shown.headers["ETag"]


def with_image(app: Flask, colour: str) -> None:
    """Give the petition an image of this colour, in place of any other."""
    upload = io.BytesIO()
    Image.new("RGB", (960, 640), colour).save(upload, "PNG")
    upload.seek(0)
    sizes = resize_image(upload)
    with app.app_context(), transaction() as session:
        petition = session.scalars(select(Petition)).one()
        session.execute(delete(Picture))
        petition.image_alt = "Books"
        for one in sizes:
            row = Picture(width=one.width, height=one.height, data=one.data, digest=image_digest(sizes))
            row.petition_id = petition.id
            session.add(row)
