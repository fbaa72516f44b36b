"""Published news: all of a petition's, one piece with an address of its own, and the Atom feed."""

import xml.etree.ElementTree as ET
from datetime import UTC, datetime, time

from flask import Blueprint, Response, abort, current_app, make_response, render_template, request
from flask_babel import gettext as _
from werkzeug import Response as BaseResponse

from app import clock
from app.normal_form import without_forbidden_in_xml
from app.petitions import page, wording
from app.petitions.markdown import with_whole_addresses
from app.petitions.news import ShownNews, find_public, list_public, news_in_feed
from app.petitions.page import Edition
from app.petitions.requested import edition_or_404
from app.web import headers
from app.web.absolute_url import absolute_url
from app.web.public_page import public_page

bp = Blueprint("public_news", __name__, url_prefix="/petitions/<slug:slug>")
ATOM = "http://www.w3.org/2005/Atom"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@bp.get("/news")
@bp.get("/news/<language:lang>")
@public_page("before")
def all_of_them(slug: str, lang: str | None = None) -> BaseResponse:
    """List the news of a petition, the newest first, with a link to what is older."""
    edition = edition_or_404(slug, lang)
    listed = list_public(edition.petition, edition.language, request.args.get("before", type=int)) or abort(404)
    return _page("pages/all_news.html", edition, found=listed.found, older=listed.older)


@bp.get("/news/<int:nth>")
@bp.get("/news/<int:nth>/<language:lang>")
@public_page()
def one(slug: str, nth: int, lang: str | None = None) -> BaseResponse:
    """Show one piece of news."""
    edition = edition_or_404(slug, lang)
    found = find_public(edition.petition, nth, edition.language) or abort(404)
    return _page("pages/one_news.html", edition, news=found)


@bp.get("/news.atom")
@public_page()
def feed(slug: str) -> BaseResponse:
    """Send the news of a petition, and what became of it, as an Atom feed (RFC 4287) in the petition's own language."""
    edition = edition_or_404(slug)
    if edition.petition.discreet:
        abort(404)
    found = news_in_feed(edition.petition, edition.language)
    written = ET.tostring(_feed(edition, found), encoding="utf-8", xml_declaration=True).decode()
    return headers.cacheable(Response(without_forbidden_in_xml(written), mimetype="application/atom+xml"))


def _page(template: str, edition: Edition, **context: object) -> BaseResponse:
    progress = page.progress(edition.petition)
    return headers.cacheable(make_response(render_template(template, edition=edition, progress=progress, **context)))


def _feed(edition: Edition, found: list[ShownNews]) -> ET.Element:
    petition, slug = edition.petition, edition.petition.slug
    base: str = current_app.config["BASE_URL"]
    root = ET.Element("feed", {"xmlns": ATOM, LANG: edition.text.language})
    address = absolute_url("public_news.all_of_them", slug=slug)
    ET.SubElement(root, "id").text = address
    ET.SubElement(root, "title").text = edition.text.title
    author = ET.SubElement(root, "author")
    ET.SubElement(author, "name").text = petition.started_by
    ET.SubElement(root, "link", rel="self", href=absolute_url(".feed", slug=slug))
    ET.SubElement(root, "link", rel="alternate", href=address)
    updated = ET.SubElement(root, "updated")
    moments = [petition.opened_at or clock.now()]
    for news in found:
        link = absolute_url(".one", slug=slug, nth=news.number)
        _entry(root, link, news.title, news.language, news.at, with_whole_addresses(news.prose(), base))
        moments.append(news.at)
    outcome = None if edition.is_open() else wording.outcome(edition)
    if outcome and outcome.text and petition.outcome_on and not any(news.is_outcome for news in found):
        at = datetime.combine(petition.outcome_on, time(), UTC)
        link = f"{absolute_url('pages.petition', slug=slug)}#outcome"
        _entry(root, link, _("What became of it"), outcome.language, at, with_whole_addresses(outcome.prose(3), base))
        moments.append(at)
    updated.text = clock.iso(max(moments))
    return root


def _entry(root: ET.Element, link: str, title: str, language: str, at: datetime, html: str) -> None:
    entry = ET.SubElement(root, "entry", {LANG: language})
    ET.SubElement(entry, "id").text = link
    ET.SubElement(entry, "title").text = title
    ET.SubElement(entry, "updated").text = clock.iso(at)
    ET.SubElement(entry, "link", rel="alternate", href=link)
    ET.SubElement(entry, "content", type="html").text = html
