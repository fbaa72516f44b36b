"""The image of a shared link: any title fits, in any script, and its count is up to date."""

import os

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFont

import config
from app.sharing import draw
from app.sharing.draw import PictureBranding, PictureCount
from app.typesetting import serif
from tests.factories import SLUG, make_petition, make_signature
from tests.sharing.picture import MARGIN, TITLE, ink, opened

NUMBERS = PictureCount("en", "1,365", "verified signatures", "Next goal: 1,500", 91)
SITE = PictureBranding()
CARD = f"/petitions/{SLUG}/card.png"
WORDS = "Keep the library of Testville open in the evenings too, because who works by day also wants to read. " * 2
TITLES = {
    "long": (WORDS[:200], "en"),
    "without a space": ("W" * 200, "en"),
    "one long word": ("Donaudampfschifffahrtsgesellschaftskapitänswitwenrente sichern", "de"),
    "flags": ("\U0001f1f8\U0001f1ea" * 100, "en"),
    "families of emoji": ("\U0001f468\u200d\U0001f469\u200d\U0001f467" * 40, "en"),
    "arabic": ("أطلقوا سراح المعتقلين السياسيين جميعًا الآن " * 4, "ar"),
    "arabic without a space": ("الحرية" * 33, "ar"),
    "both directions": ("Свобода שלום Freedom أطلقوا سراح 中文標題 สวัสดีชาวโลก नमस्ते 2024", "ru"),
    "thai, which has no spaces": ("ขอให้ปล่อยตัวนักโทษการเมืองทุกคนโดยไม่มีเงื่อนไข" * 4, "th"),
    "chinese": ("釋放所有政治犯並撤銷對他們的一切指控" * 11, "zh-TW"),
}


def stays_inside(image: Image.Image) -> bool:
    """Tell whether nothing is drawn in the margins."""
    found = ink(image)
    assert found
    left, top, right, bottom = found
    return left >= MARGIN and top >= MARGIN and right <= 1200 - MARGIN and bottom <= 630 - MARGIN


@pytest.mark.parametrize("name", TITLES)
def test_any_title_fits_whole(name: str) -> None:
    title, language = TITLES[name]
    image = opened(draw.card(title[:200], language, NUMBERS, SITE))
    assert image.size == draw.CARD_SIZE
    assert stays_inside(image)
    above, below = TITLE
    drawn = ink(image, above, below)
    assert drawn and drawn[3] - drawn[1] > 40
    assert ink(image, above, above + 5) is ink(image, below - 5, below) is None, "something was cut off"


@settings(max_examples=40, database=None)
@given(
    title=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200),
    language=st.sampled_from(["en", "ar", "ja", "th"]),
)
def test_nothing_is_drawn_in_the_margins(title: str, language: str) -> None:
    assert stays_inside(opened(draw.card(title, language, NUMBERS, SITE)))


def test_a_title_is_never_run_as_code() -> None:
    typed = '#panic("x") $x$ *bold* \\ ] } " #read("/etc/passwd")'
    assert draw.card(typed, "en", NUMBERS, PictureBranding(typed))


def test_a_title_is_aligned_by_its_languages_direction() -> None:
    english = ink(opened(draw.card("Free", "en", NUMBERS, SITE)), *TITLE)
    arabic = ink(opened(draw.card("الحرية", "ar", NUMBERS, SITE)), *TITLE)
    assert english and arabic
    assert english[0] < 80 < 1000 < arabic[2]


def test_a_character_that_no_font_has_is_replaced_visibly() -> None:
    missing = draw.card("a\ue000b", "en", NUMBERS, SITE)
    assert missing == draw.card("a\ufffdb", "en", NUMBERS, SITE)


def test_the_card_of_an_ended_petition_has_no_progress_bar() -> None:
    ended = PictureCount("en", "1,365", "verified signatures")
    assert ink(opened(draw.card("Free", "en", NUMBERS, SITE)), 530, 570)
    image = opened(draw.card("Free", "en", ended, SITE))
    found = ink(image, 408)
    accent = (0x1D, 0x44, 0x78)
    assert found and found[3] - found[1] < 90, "count and words are one line"
    assert accent in {colour for _number, colour in image.crop((0, 408, 400, 630)).getcolors(1 << 20) or ()}


def test_the_cards_etag_changes_with_the_count(app: Flask, client: FlaskClient) -> None:
    make_petition(app)
    first = client.get(CARD)
    assert (first.status_code, first.mimetype) == (200, "image/png")
    assert first.headers["Cache-Control"].startswith("public, max-age=0")
    known = {"If-None-Match": first.headers["ETag"]}
    assert client.get(CARD, headers=known).status_code == 304
    make_signature(app)
    moved = client.get(CARD, headers=known)
    assert moved.status_code == 200
    assert moved.headers["ETag"] != first.headers["ETag"]


def test_a_card_is_drawn_once_for_many_requests(app: Flask, client: FlaskClient) -> None:
    make_petition(app)
    client.get(CARD)
    drawn = draw.card.cache_info().misses
    client.get(CARD)
    assert draw.card.cache_info().misses == drawn


def test_the_card_is_in_the_language_of_its_address(app: Flask, client: FlaskClient) -> None:
    make_petition(app)
    make_signature(app)
    english, swedish = client.get(CARD), client.get(CARD.replace("card", "card.sv"))
    assert swedish.status_code == 200
    assert english.data != swedish.data
    assert client.get(CARD.replace("card", "card.en")).data == english.data
    assert client.get(CARD.replace("card", "card.xx")).status_code == 404


def test_the_card_is_in_the_operators_name_and_colour_but_readable(app: Flask, client: FlaskClient) -> None:
    make_petition(app)
    make_signature(app)
    usual = client.get(CARD).data
    app.config["SITE_NAME"] = "Petitions of Testville"
    named = client.get(CARD).data
    assert named != usual
    assert ink(opened(named), 400) == ink(opened(usual), 400)
    app.config["SITE_COLOUR"] = "#ffdd00"
    image = opened(client.get(CARD).data)
    darkest = min(sum(colour) for _number, colour in image.crop((60, 430, 110, 520)).getcolors(1 << 20) or ())
    assert darkest < 400, "yellow on paper cannot be read"


def test_with_the_operators_logo_our_mark_is_not_drawn() -> None:
    marked, plain = (
        opened(draw.card("Free", "en", NUMBERS, PictureBranding(marked=with_mark))) for with_mark in (True, False)
    )
    assert ink(marked, 60, 110) != ink(plain, 60, 110)
    assert ink(marked, 110) == ink(plain, 110)
    long_name = opened(draw.card("Free", "en", NUMBERS, PictureBranding("A very long name of a site " * 8)))
    assert stays_inside(long_name)


def test_too_many_drawings_at_once_are_refused_but_cached_ones_are_served(app: Flask, client: FlaskClient) -> None:
    make_petition(app, title=f'"Drawn by nobody before: {os.urandom(8).hex()}"')
    drawn = client.get(CARD).data
    others = [draw._queue.acquire(blocking=False) for _ in range(3)]
    try:
        assert client.get(CARD).data == drawn
        make_signature(app)
        refused = client.get(CARD)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    finally:
        for _ in others:
            draw._queue.release()
    assert client.get(CARD).status_code == 200


def test_the_default_colour_of_a_card_is_that_of_the_pages() -> None:
    tokens = (config.ROOT / "static/css/tokens.css").read_text()
    assert f"--accent: {draw.PictureBranding().accent};" in tokens


def test_a_title_and_a_site_are_named_in_scripts_that_no_package_has() -> None:
    cherokee, lacking = (draw.card(title, "chr", NUMBERS, SITE) for title in ("ᏣᎳᎩ", "\ufffd" * 3))
    assert cherokee != lacking
    assert draw.card("Free", "en", NUMBERS, PictureBranding("ᏣᎳᎩ")) != draw.card(
        "Free", "en", NUMBERS, PictureBranding("\ufffd" * 3)
    )


def test_title_and_count_are_in_the_sites_serif() -> None:
    font = ImageFont.truetype(f"{serif.FOLDER}/brygada-1918.ttf", 74)
    left, _top, right, _bottom = font.getbbox("Free them")
    drawn = ink(opened(draw.card("Free them", "en", NUMBERS, SITE)), *TITLE)
    assert drawn and abs((drawn[2] - drawn[0]) - (right - left)) < 6, "as wide as in that font"
