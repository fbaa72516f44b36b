"""CSRF protection by Sec-Fetch-Site or Origin headers: signers have no session that could hold a token."""

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
    """Refuse posts from other sites' pages before any view runs."""
    app.before_request(_refuse_cross_site_posts)


def is_trusted_origin(headers: Headers) -> bool:
    """Tell whether a request does not come from another site's page."""
    site = headers.get("Sec-Fetch-Site")
    # A request without both headers comes from an old browser or a program: no page can make a browser leave them out.
    # But from a sandboxed frame of another site, an old browser sends the Origin `null`.
    return site in ALLOWED_SITES if site else headers.get("Origin") in {None, current_app.config["BASE_URL"]}


def _refuse_cross_site_posts() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    if request.method in SAFE_METHODS or getattr(view, "authorised_by_token", False):
        return
    if not is_trusted_origin(request.headers):
        abort(403, _("This form was sent from a page of another site. Please open our page and send it from there."))
