"""Badge and QR code: SVG images with a title, which every site may load."""

import re
import xml.etree.ElementTree as ET

import pytest
from flask import Flask
from flask.testing import FlaskClient
from qrcode import QRCode
from qrcode.constants import ERROR_CORRECT_M

from app.sharing import draw
from tests.factories import SLUG, make_petition, make_signature

SVG = "{http://www.w3.org/2000/svg}"
PLACE = f"/petitions/{SLUG}"


def drawn(client: FlaskClient, path: str) -> ET.Element:
    answer = client.get(f"{PLACE}/{path}")
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
    return ET.fromstring(answer.data)


def title_of(image: ET.Element) -> str:
    assert image.get("role") == "img"
    title = image.find(f"{SVG}title")
    assert title is not None and title.text
    return title.text


def test_the_badge_has_count_and_title(app: Flask, client: FlaskClient) -> None:
    make_petition(app, title="\"Books <& 'more'>\"")
    assert title_of(drawn(client, "badge.svg")) == "Be among the first to sign · Books <& 'more'>"
    make_signature(app)
    assert title_of(drawn(client, "badge.svg")) == "1 verified signature · Books <& 'more'>"
    assert title_of(drawn(client, "badge.sv.svg")).startswith("1 bekräftad underskrift")


def test_the_badge_is_as_wide_as_its_content(app: Flask, client: FlaskClient) -> None:
    make_petition(app)
    for who in ("ann", "bo"):
        make_signature(app, email=f"{who}@example.org")
    few = drawn(client, "badge.svg")
    make_signature(app, email="cleo@example.org")
    again = drawn(client, "badge.svg")
    make_petition(app, slug='"other"', title='"Another"')
    make_signature(app, "other")
    wide = ET.fromstring(client.get("/petitions/other/badge.sv.svg").data)
    widths = [float((image.get("viewBox") or "").split()[2]) for image in (few, again, wide)]
    assert widths[0] == pytest.approx(widths[1], abs=1)
    assert widths[2] != pytest.approx(widths[0], abs=1), "other words, another width"


def test_the_badges_characters_are_outlines_and_need_no_font(client: FlaskClient, petition: str) -> None:
    image = drawn(client, "badge.svg")
    assert image.findall(f".//{SVG}text") == []
    assert len(image.findall(f".//{SVG}use")) >= len("0verifiedsignatures")


def test_pictures_have_no_styles_or_scripts(client: FlaskClient, petition: str) -> None:
    for path in ("badge.svg", "qr.svg"):
        svg = client.get(f"{PLACE}/{path}").text
        assert not re.search(r"<style|style=|<script|<image|href=\"(?!#)", svg), path


@pytest.mark.parametrize("path", ["badge.svg", "qr.svg", "card.png", "badge.sv.svg", "qr.sv.svg", "card.sv.png"])
def test_every_site_may_load_the_pictures(client: FlaskClient, petition: str, path: str) -> None:
    answer = client.get(f"{PLACE}/{path}", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(("path", "page"), [("qr.svg", PLACE), ("qr.sv.svg", f"{PLACE}/sv"), ("qr.en.svg", PLACE)])
def test_the_qr_code_has_the_petitions_address_in_its_language(
    app: Flask, client: FlaskClient, petition: str, path: str, page: str
) -> None:
    image = drawn(client, path)
    address = app.config["BASE_URL"] + page
    assert title_of(image) == address
    code = QRCode(error_correction=ERROR_CORRECT_M)
    code.add_data(address)
    (dark,) = image.findall(f"{SVG}path")
    assert len(re.findall("M", dark.get("d") or "")) == sum(map(sum, code.get_matrix()))


def test_the_qr_code_has_a_white_quiet_zone(client: FlaskClient, petition: str) -> None:
    image = drawn(client, "qr.svg")
    (ground,) = image.findall(f"{SVG}rect")
    assert (ground.get("fill"), ground.get("width"), ground.get("height")) == ("white", "100%", "100%")
    (dark,) = image.findall(f"{SVG}path")
    size = float((image.get("viewBox") or "").split()[2])
    corners = [float(number) for number in re.findall(r"[ML](?=(\d+))", dark.get("d") or "")]
    module = 2
    assert min(corners) == 4 * module
    assert max(corners) == size - 5 * module


def test_a_badge_is_well_formed_whatever_the_title_holds() -> None:
    for odd in ("\uffff\ufffe", "a\x0bb", "<&>"):
        ET.fromstring(draw.badge(odd, draw.PictureCount("en", "1", "verified signature"), draw.PictureBranding()))
