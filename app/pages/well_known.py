"""What browsers and search engines ask for by themselves: icons, robots.txt, the site map, and /.well-known/."""

import xml.etree.ElementTree as ET
from datetime import timedelta
from pathlib import Path

from flask import Blueprint, Response, abort, current_app, redirect, url_for
from werkzeug import Response as BaseResponse

from app import clock
from app.petitions.listing import listed_addresses
from app.petitions.news import listed_news
from app.web import headers
from app.web.absolute_url import absolute_url
from app.web.public_page import public_page

bp = Blueprint("well_known", __name__)
SECURITY_TXT_VALID_FOR = timedelta(days=180)  # RFC 9116, 2.5.5: less than a year
DAY_SECONDS = int(timedelta(days=1).total_seconds())
SITE_MAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
# What only those have who got a link to it, and lists of people.
NOT_FOR_ROBOTS = (
    *("/confirm/", "/signature/", "/entry/", "/not-me/", "/unsubscribe/", "/organise"),
    *(f"/petitions/*/{page}" for page in ("check-your-email/", "my-signature", "signatures")),
)


@bp.get("/favicon.ico")
@public_page()
def favicon() -> BaseResponse:
    """Send the icon under the name that browsers guess."""
    return _icon(32)


@bp.get("/apple-touch-icon.png")
@public_page()
def touch_icon() -> BaseResponse:
    """Send the icon under the name that phones guess."""
    return _icon(180)


@bp.get("/robots.txt")
@public_page()
def robots() -> BaseResponse:
    """Say which pages search engines may read (RFC 9309)."""
    forbidden = [f"Disallow: {url_for('pages.start')}{path[1:]}" for path in NOT_FOR_ROBOTS]
    return _text(["User-agent: *", *forbidden, f"Sitemap: {absolute_url('well_known.sitemap')}"])


@bp.get("/sitemap.xml")
@public_page()
def sitemap() -> BaseResponse:
    """List open petitions in each language of theirs, and published news, but nothing discreet (sitemaps.org)."""
    pages = ET.Element("urlset", xmlns=SITE_MAP)
    for one in listed_addresses():
        page = ET.SubElement(pages, "url")
        ET.SubElement(page, "loc").text = absolute_url("pages.petition", slug=one.slug, lang=one.lang)
        ET.SubElement(page, "lastmod").text = one.changed_on.isoformat()
    for slug, number, at in listed_news():
        page = ET.SubElement(pages, "url")
        ET.SubElement(page, "loc").text = absolute_url("public_news.one", slug=slug, nth=number)
        ET.SubElement(page, "lastmod").text = at.date().isoformat()
    written = ET.tostring(pages, encoding="utf-8", xml_declaration=True)
    return headers.cacheable(Response(written, mimetype="application/xml"))


@bp.get("/.well-known/security.txt")
@public_page()
def security() -> BaseResponse:
    """Say whom to tell about a hole (RFC 9116)."""
    contact = current_app.config["SECURITY_CONTACT"] or abort(404)
    expires = (clock.now() + SECURITY_TXT_VALID_FOR).replace(hour=0, minute=0, second=0, microsecond=0)
    canonical = absolute_url("well_known.security")
    return _text([f"Contact: {contact}", f"Expires: {clock.iso(expires)}", f"Canonical: {canonical}"])


@bp.get("/.well-known/change-password")
def change_password() -> BaseResponse:
    """Lead to where organisers change their password (W3C, "A Well-Known URL for Changing Passwords")."""
    return redirect(url_for("security.change_password"), 302)


def _icon(size: int) -> BaseResponse:
    data = Path(current_app.static_folder or "", f"icon-{size}.png").read_bytes()
    return headers.cacheable(Response(data, mimetype="image/png"), seconds=DAY_SECONDS)


def _text(lines: list[str]) -> BaseResponse:
    return headers.cacheable(Response("".join(f"{line}\n" for line in lines), mimetype="text/plain"))
