"""Pages and pictures for sharing a petition; 404 for a discreet petition, a draft and an unknown one."""

from dataclasses import replace

from flask import Blueprint, Response, abort, current_app, jsonify, make_response, render_template, request
from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _
from werkzeug import Response as BaseResponse

from app import clock
from app.branding import site_files
from app.branding.colour import on_light
from app.models import Petition
from app.petitions import page
from app.petitions.page import Edition
from app.petitions.requested import edition_or_404
from app.sharing import draw, embedding, links
from app.web import headers, language
from app.web.public_page import public_page

bp = Blueprint("sharing", __name__)
RETRY_AFTER_SECONDS = 5
# Globals, so that any page with an `edition` can include the templates of templates/sharing/.
bp.add_app_template_global(links.may_be_shared, "may_be_shared")
bp.add_app_template_global(links.share_links, "share_links")
bp.add_app_template_global(links.share_text, "share_text")
bp.add_app_template_global(links.edition_url, "edition_url")
bp.add_app_template_global(links.oembed_url, "oembed_url")
bp.add_app_template_filter(links.open_graph_locale, "open_graph_locale")


@bp.get("/petitions/<slug:slug>/share")
@bp.get("/petitions/<slug:slug>/share/<language:lang>")
@public_page()
def share(slug: str, lang: str | None = None) -> BaseResponse:
    """Show all ways to share a petition, and HTML to copy into one's own page."""
    edition = _edition(slug, lang)
    html = render_template(
        "sharing/share.html",
        edition=edition,
        badge=embedding.badge(edition),
        counter=embedding.counter(edition),
    )
    return headers.cacheable(make_response(html))


@bp.get("/petitions/<slug:slug>/poster")
@bp.get("/petitions/<slug:slug>/poster/<language:lang>")
@public_page()
def poster(slug: str, lang: str | None = None) -> BaseResponse:
    """Show a page to print and hang up: with the count as of the day, which it names."""
    edition = _edition(slug, lang)
    html = render_template(
        "sharing/poster.html",
        edition=edition,
        progress=page.progress(edition.petition),
        today=clock.now(),
        image=page.header_image(edition.petition),
        short_address=links.short_address(edition),
    )
    return headers.cacheable(make_response(html))


@bp.get("/petitions/<slug:slug>/embed")
@bp.get("/petitions/<slug:slug>/embed/<language:lang>")
@public_page()
def embed(slug: str, lang: str | None = None) -> BaseResponse:
    """Show the count for a frame on another site, with a link to sign."""
    edition = _edition(slug, lang)
    html = render_template("sharing/embed.html", edition=edition, progress=page.progress(edition.petition))
    return headers.cacheable(headers.allow_framing(make_response(html)))


@bp.get("/petitions/<slug:slug>/card.png")
@bp.get("/petitions/<slug:slug>/card.<language:lang>.png")
@public_page()
def card(slug: str, lang: str | None = None) -> BaseResponse:
    """Send the image of a shared link: title, count, progress, and the petition's own image."""
    edition = _edition(slug, lang)
    photo = _photo(edition.petition)
    drawn = draw.card(edition.text.title, edition.text.language, _numbers(edition), _site(), photo)
    return _picture(drawn, "image/png")


@bp.get("/petitions/<slug:slug>/badge.svg")
@bp.get("/petitions/<slug:slug>/badge.<language:lang>.svg")
@public_page()
def badge(slug: str, lang: str | None = None) -> BaseResponse:
    """Send the badge: the count in a line."""
    edition = _edition(slug, lang)
    return _picture(draw.badge(edition.text.title, _numbers(edition), _site()), "image/svg+xml")


@bp.get("/petitions/<slug:slug>/qr.svg")
@bp.get("/petitions/<slug:slug>/qr.<language:lang>.svg")
@public_page()
def qr_code(slug: str, lang: str | None = None) -> BaseResponse:
    """Send a QR code that leads to the petition."""
    return _picture(draw.qr_code(links.edition_url(_edition(slug, lang))), "image/svg+xml")


@bp.get("/oembed")
@public_page("format", "maxheight", "maxwidth", "url")
def oembed() -> BaseResponse:
    """Tell programs how to embed the petition at `url` (oEmbed): as JSON, the only format still in use."""
    if request.args.get("format", "json") != "json":
        abort(501)
    sizes = (request.args.get(name, type=int) for name in ("maxwidth", "maxheight"))
    described = embedding.oembed_answer(request.args.get("url", ""), *sizes)
    return headers.cacheable(headers.allow_cross_origin(jsonify(described or abort(404))))


@bp.errorhandler(draw.Busy)
def busy(_: draw.Busy) -> BaseResponse:
    """Ask to try again later: drawing pictures must not slow down signing."""
    return Response(status=503, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


def _edition(slug: str, lang: str | None) -> Edition:
    return edition_or_404(slug, lang, only_if=links.may_be_shared)


def _numbers(edition: Edition) -> draw.PictureCount:
    progress = page.progress(edition.petition)
    in_language = language.interface_language(edition.language)
    if edition.is_open() and not progress.verified:
        return draw.PictureCount(in_language, "", _("Be among the first to sign"))
    words = ngettext("verified signature", "verified signatures", progress.verified)
    numbers = draw.PictureCount(in_language, format_decimal(progress.verified), words)
    if not edition.is_open() or progress.verified < progress.few:
        return numbers
    goal = _("Next goal: %(goal)s", goal=format_decimal(progress.goal))
    return replace(numbers, goal=goal, percent=progress.percent)


def _photo(petition: Petition) -> draw.Photo | None:
    """Return the petition's image in the smallest size that is as high as a card, or in the largest there is."""
    sizes = page.header_image(petition)
    if not sizes:
        return None
    digest, width, _height = next((size for size in sizes if size[2] >= draw.CARD_SIZE[1]), sizes[-1])
    slug = petition.slug
    return draw.Photo(digest, width, lambda: page.image_data(slug, digest, width))


def _site() -> draw.PictureBranding:
    """Return the operator's name and colour; Countersign's mark is not shown beside the operator's logo."""
    name, colour = current_app.config["SITE_NAME"], current_app.config["SITE_COLOUR"]
    marked = site_files.logo_type() is None
    return draw.PictureBranding(name, on_light(colour), marked) if colour else draw.PictureBranding(name, marked=marked)


def _picture(drawn: bytes, kind: str) -> BaseResponse:
    return headers.cacheable(headers.allow_cross_origin(Response(drawn, mimetype=kind)))
