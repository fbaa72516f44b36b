"""A poster in a real browser: one sheet of A4 in every language, with and without picture, whatever is on it."""

import io
from collections.abc import Iterator
from datetime import timedelta
from itertools import product

import pypdfium2
import pytest
from flask import Flask
from flask_migrate import upgrade
from PIL import Image
from playwright.sync_api import Browser, Page
from sqlalchemy import select, update

from app import clock
from app.db import db, transaction
from app.models import Petition, Picture
from app.web.language import INTERFACE_LANGUAGES
from tests.conftest import make_app
from tests.factories import make_petition, make_signature
from tests.flows.conftest import overflows, served

LONG_NAME = "a-name-of-seventy-letters-" + "l" * 44
WORDS = {
    "short": ("Save the test library", "We ask the town to keep it open."),
    "middle": ("Save the test library and every book in it, for all of us", "We ask the town. " * 20),
    LONG_NAME: ("Many words " * 18, "And more of them " * 400),
    "wide": ("W" * 200, "W" * 3_000),
}
ARABIC = '[[translations]]\nlanguage = "ar"\ntitle = "أنقذوا المكتبة"\nstatement = "نطلب من المدينة إبقاءها مفتوحة."\n'
PICTURES = {"": None, "-across": (1600, 900), "-upright": (480, 2_000)}
STRIPS = 10


@pytest.fixture(scope="module")
def posters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[str]]]:
    """Give the address of a site with petitions of all kinds, and their slugs; closed ones have that in theirs."""
    folder = tmp_path_factory.mktemp("posters")
    app = make_app(folder, f"sqlite:///{folder}/site.db")
    with app.app_context():
        upgrade()
    slugs = []
    for (name, (title, statement)), (suffix, size) in product(WORDS.items(), PICTURES.items()):
        slug = make_petition(
            app, slug=f'"{name}{suffix}"', title=f'"{title}"', statement=f'"{statement}"', tables=ARABIC
        )
        slugs.append(slug)
        if size:
            add_picture(app, slug, size)
    for number in range(25):
        make_signature(app, "short-across", email=f"number{number}@example.org")
    slugs.append(make_petition(app, slug='"closed"'))
    with app.app_context(), transaction() as session:
        ended = clock.now() - timedelta(days=1)
        session.execute(update(Petition).where(Petition.slug == "closed").values(closes_at=ended))
    with served(app) as port:
        yield f"http://localhost:{port}", slugs
    with app.app_context():
        db.engine.dispose()


def add_picture(app: Flask, slug: str, size: tuple[int, int]) -> None:
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, "JPEG")
    with app.app_context(), transaction() as session:
        petition = session.scalars(select(Petition).where(Petition.slug == slug)).one()
        petition.image_alt = "Red shelves"
        width, height = size
        row = {"digest": "a" * 32, "width": width, "height": height, "data": out.getvalue()}
        session.add(Picture(petition_id=petition.id, **row))


@pytest.fixture(scope="module")
def page(browser: Browser, posters: tuple[str, list[str]]) -> Iterator[Page]:
    """Give a page of the site with the posters."""
    page = browser.new_page(base_url=posters[0], viewport={"width": 1280, "height": 844})
    yield page
    page.close()


def printed(page: Page, path: str) -> tuple[str, Image.Image]:
    """Return the words, without spaces, and the picture of a poster's one sheet."""
    page.goto(path)
    page.wait_for_load_state("networkidle")
    sheets = pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True))
    assert len(sheets) == 1, path
    assert [round(side) for side in sheets[0].get_size()] == [595, 842]
    words = "".join(sheets[0].get_textpage().get_text_range().split())
    words = words.replace("\ufffe", "-")  # pdfium's sign for a hyphen at the end of a line
    drawn = sheets[0].render(scale=0.5).to_pil().convert("RGB")
    sheets.close()
    return words, drawn


def reds(drawn: Image.Image) -> int:
    return sum(1 for red, green, blue in drawn.get_flattened_data() if red > 200 and green < 60 and blue < 60)


@pytest.mark.parametrize("language", INTERFACE_LANGUAGES)
def test_it_is_one_sheet_in_every_language(page: Page, posters: tuple[str, list[str]], language: str) -> None:
    for slug in ("short-across", f"{LONG_NAME}-across", "middle", "closed"):
        place = f"/petitions/{slug}/poster/{language}" if language != "en" else f"/petitions/{slug}/poster"
        words, _drawn = printed(page, place)
        address = f"/petitions/{slug}" + (f"/{language}" if language != "en" else "")
        assert words.count(address) >= (1 if slug == "closed" else 1 + STRIPS), slug


def test_it_is_one_sheet_whatever_is_on_it_with_address_strips_and_picture(
    page: Page, posters: tuple[str, list[str]]
) -> None:
    for slug in posters[1]:
        words, drawn = printed(page, f"/petitions/{slug}/poster")
        assert "TownCouncil" in words and "FriendsoftheTestLibrary" in words, slug
        assert words.count(f"/petitions/{slug}") == (1 if slug == "closed" else 1 + STRIPS), slug
        assert (reds(drawn) > 5_000) == slug.endswith(("-across", "-upright")), slug


def test_what_can_be_signed_has_strips_and_what_has_ended_says_so(page: Page, posters: tuple[str, list[str]]) -> None:
    many, few, ended = (printed(page, f"/petitions/{slug}/poster")[0] for slug in ("short-across", "short", "closed"))
    assert "25verifiedsignatures" in many and "Readandsign" in many and "ended" not in many
    assert "Beamongthefirsttosign" in few and "verified" not in few
    assert "Signinghasended" in ended and "Readandsign" not in ended and "first" not in ended


def test_it_is_printed_on_white_from_a_dark_screen(page: Page, posters: tuple[str, list[str]]) -> None:
    page.emulate_media(color_scheme="dark")
    _words, drawn = printed(page, "/petitions/short/poster")
    page.emulate_media(color_scheme="light")
    colours = drawn.getcolors(1_000_000)
    assert colours and max(colours)[1] == (255, 255, 255)
    assert drawn.getpixel((2, 2)) == (255, 255, 255)


@pytest.mark.parametrize("width", [320, 390])
def test_on_a_phone_it_does_not_scroll_sideways(page: Page, posters: tuple[str, list[str]], width: int) -> None:
    page.set_viewport_size({"width": width, "height": 640})
    for slug, language in product(posters[1], ("", "/ar")):
        page.goto(f"/petitions/{slug}/poster{language}")
        assert not overflows(page), slug
    page.set_viewport_size({"width": 1280, "height": 844})
