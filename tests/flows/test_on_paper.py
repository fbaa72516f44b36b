"""A petition on paper: its words, how far it is and where to sign, without the form and the buttons."""

from pathlib import Path

import pypdfium2
from flask import Flask
from flask_migrate import upgrade
from playwright.sync_api import Browser

from app.db import db
from tests.conftest import make_app
from tests.factories import SLUG, make_petition, make_signature
from tests.flows.conftest import served

ACCENT = (0x1D, 0x44, 0x78)  # as in static/css/tokens.css


def share_of_accent(page: pypdfium2.PdfPage) -> float:
    """Return how much of the widest line in our colour is filled, below the double stroke."""
    picture = page.render(scale=1).to_pil().convert("RGB")
    rows = [
        sum(picture.getpixel((across, down)) == ACCENT for across in range(picture.width)) / picture.width
        for down in range(picture.height)
    ]
    stroke = max(rows)
    return max(row for row in rows if row < stroke * 0.9)


def test_it_tells_what_it_is_how_far_it_is_and_where_to_sign(browser: Browser, tmp_path: Path) -> None:
    app: Flask = make_app(tmp_path, f"sqlite:///{tmp_path}/site.db")
    with app.app_context():
        upgrade()
    make_petition(app, goal="50")
    for number in range(25):
        make_signature(app, email=f"number{number}@example.org")
    with served(app) as port:
        page = browser.new_page(base_url=f"http://localhost:{port}")
        page.goto(f"/petitions/{SLUG}")
        printed = pypdfium2.PdfDocument(page.pdf(format="A4"))
        page.close()
    words = " ".join(sheet.get_textpage().get_text_bounded() for sheet in printed)
    for said in ("Save the test library", "25 verified signatures", "We ask the town", f"/petitions/{SLUG}"):
        assert said in " ".join(words.split())
    for button in ("Your name", "Support now", "English", "Spread the word", "Tell others"):
        assert button not in words
    assert 0.3 < share_of_accent(printed[0]) < 0.6
    with app.app_context():
        db.engine.dispose()
