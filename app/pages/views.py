"""Public views: start page, petition, header image, count, public names, changes of the text."""

from flask import Blueprint, Response, abort, jsonify, make_response, render_template, request
from werkzeug import Response as BaseResponse

from app import clock
from app.pages.petition_page import render_petition
from app.petitions import listing, names, page, wording
from app.petitions.changes import text_changes
from app.petitions.requested import edition_or_404
from app.web import headers, language
from app.web.cursor import BadCursor
from app.web.public_page import public_page

bp = Blueprint("pages", __name__)
bp.add_app_template_global(wording.said, "said")
bp.add_app_template_global(wording.addressee, "addressee")


@bp.get("/")
@bp.get("/<language:lang>")
@public_page("q", "order", "page")
def start(lang: str | None = None) -> BaseResponse:
    """List open petitions, and recently closed ones."""
    if lang and lang not in language.INTERFACE_LANGUAGES:
        abort(404)
    language.set_language(lang or language.site_language(), own=language.site_language())
    query = listing.read_query(request.args) or abort(404)
    found = listing.open_petitions(lang or language.site_language(), query)
    if query.page > 1 and not found.petitions:
        abort(404)
    closed = listing.closed_petitions(lang or language.site_language()) if query.is_all() else []
    html = render_template("pages/start.html", query=query, found=found, closed=closed)
    return headers.cacheable(make_response(html))


@bp.get("/petitions/<slug:slug>")
@bp.get("/petitions/<slug:slug>/<language:lang>")
@public_page()
def petition(slug: str, lang: str | None = None) -> BaseResponse:
    """Show a petition with its sign form: the same bytes for everyone."""
    return headers.cacheable(make_response(render_petition(edition_or_404(slug, lang))))


@bp.get("/petitions/<slug:slug>/changes")
@bp.get("/petitions/<slug:slug>/changes/<language:lang>")
@public_page("before")
def changes_page(slug: str, lang: str | None = None) -> BaseResponse:
    """Show the published versions of the text, five a page, and the changes of each."""
    edition = edition_or_404(slug, lang)
    history = text_changes(edition, request.args.get("before", type=int))
    if not history.changes:
        abort(404)
    progress = page.progress(edition.petition)
    html = render_template("pages/changes.html", edition=edition, history=history, progress=progress)
    return headers.cacheable(make_response(html))


@bp.get("/petitions/<slug:slug>/signatures")
@bp.get("/petitions/<slug:slug>/signatures/<language:lang>")
@public_page("before", "after")
def public_names(slug: str, lang: str | None = None) -> BaseResponse:
    """Show a page of public names, newest first."""
    edition = edition_or_404(slug, lang)
    try:
        shown = names.names_page(edition.petition, request.args.get("before"), request.args.get("after"))
    except BadCursor:
        abort(404)
    is_first = not (request.args.get("before") or request.args.get("after"))
    progress = page.progress(edition.petition)
    html = render_template("pages/signatures.html", edition=edition, page=shown, is_first=is_first, progress=progress)
    return headers.cacheable(make_response(html))


@bp.get("/petitions/<slug:slug>/count.json")
@public_page()
def count_json(slug: str) -> BaseResponse:
    """Send the verified count, the next goal, and the time of the last change."""
    edition = page.find_edition(slug)
    if edition is None:
        abort(404)
    progress = page.progress(edition.petition)
    response = jsonify(slug=slug, verified=progress.verified, goal=progress.goal, as_of=clock.iso(progress.as_of))
    return headers.cacheable(headers.allow_cross_origin(response), seconds=1)


@bp.get("/petitions/<slug:slug>/image/<digest>-<int(max=9999):width>.jpg")
def header_image(slug: str, digest: str, width: int) -> BaseResponse:
    """Send a header image. A new image has another address, so this response may be cached for good."""
    data = None if "\0" in digest else page.image_data(slug, digest, width)
    return headers.immutable(Response(data or abort(404), mimetype="image/jpeg"))
