"""The operator's colour, logo, imprint and privacy text."""

from flask import Blueprint, Response, abort, current_app, make_response, render_template
from werkzeug import Response as BaseResponse

from app.branding import site_files
from app.branding.colour import style_sheet
from app.petitions.markdown import to_html
from app.web import headers, language
from app.web.public_page import public_page

bp = Blueprint("branding", __name__)
MAX_AGE_SECONDS = 600
TOP_HEADING = 2


@bp.get("/site.css")
@public_page()
def colour() -> BaseResponse:
    """Send the operator's colour as a style sheet."""
    css = style_sheet(current_app.config["SITE_COLOUR"] or abort(404))
    return headers.cacheable(Response(css, mimetype="text/css"), seconds=MAX_AGE_SECONDS)


@bp.get("/site/logo.<any(svg,png):picture>")
@public_page()
def logo(picture: str) -> BaseResponse:
    """Send the operator's logo."""
    data = site_files.logo(picture) or abort(404)
    return headers.cacheable(Response(data, mimetype=site_files.LOGO_TYPES[picture]), seconds=MAX_AGE_SECONDS)


@bp.get("/imprint")
@bp.get("/imprint/<language:lang>")
@public_page()
def imprint(lang: str | None = None) -> BaseResponse:
    """Show who runs the site."""
    return _text("imprint", lang)


@bp.get("/privacy")
@bp.get("/privacy/<language:lang>")
@public_page()
def privacy(lang: str | None = None) -> BaseResponse:
    """Show the operator's privacy text, which is about all petitions."""
    return _text("privacy", lang)


def _text(name: str, lang: str | None) -> BaseResponse:
    if lang and lang not in language.INTERFACE_LANGUAGES:
        abort(404)
    language.set_language(lang or language.site_language(), own=language.site_language())
    words, written_in = site_files.text(name, lang or language.site_language()) or abort(404)
    html = render_template("branding/text.html", name=name, text=to_html(words, TOP_HEADING), language=written_in)
    return headers.cacheable(make_response(html))
