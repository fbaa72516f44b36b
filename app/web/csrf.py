"""Cross-site request forgery is refused by Sec-Fetch-Site or Origin: signers have no session to hold a token in."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, abort, current_app, request
from flask_babel import gettext as _
from werkzeug.datastructures import Headers

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
ALLOWED_SITES = {"same-origin", "none"}
View = TypeVar("View", bound=Callable[..., Any])


def authorised_by_token(view: View) -> View:
    """Mark a view whose POST is authorised by the token in its path, wherever it was posted from."""
    view.authorised_by_token = True  # type: ignore[attr-defined]
    return view


def init_app(app: Flask) -> None:
    """Refuse, before any view runs, what another site's page posts."""
    app.before_request(_refuse_cross_site_posts)


def is_trusted_origin(headers: Headers) -> bool:
    """Tell whether a request comes from a page of this site, or was typed in, and not from another site's page."""
    site = headers.get("Sec-Fetch-Site")
    # Browsers that say neither are old or are programs; a page of another site cannot keep a browser from saying it.
    return site in ALLOWED_SITES if site else headers.get("Origin") in {None, "null", current_app.config["BASE_URL"]}


def _refuse_cross_site_posts() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    if request.method in SAFE_METHODS or getattr(view, "authorised_by_token", False):
        return
    if not is_trusted_origin(request.headers):
        abort(403, _("This form was sent from a page of another site. Please open our page and send it from there."))
