"""The headers that every answer carries, and those of pages that nobody may keep."""

from datetime import timedelta

from flask import Flask, Response, current_app, request
from werkzeug import Response as BaseResponse

# `form-action` also governs where a form's redirect may lead, which is always a page of ours.
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HSTS = f"max-age={int(timedelta(days=365).total_seconds())}; includeSubDomains"


def init_app(app: Flask) -> None:
    """Add the headers to every answer, errors included."""
    app.after_request(_add)


def keep_nowhere(response: Response) -> Response:
    """Return the answer marked as private to this reader: no cache keeps it."""
    response.headers["Cache-Control"] = "no-store"
    return response


def shared(response: Response, seconds: int = 0) -> BaseResponse:
    """Return the answer marked as the same for everyone, with an ETag, and as `304` where the reader has it already.

    Browsers may keep it for `seconds`; a cache in front of the site shows nothing that is older than ten.
    """
    response.headers["Cache-Control"] = f"public, max-age={seconds}, s-maxage=1, stale-while-revalidate=8"
    response.add_etag()
    return response.make_conditional(request)


def _add(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cache-Control", "no-store")
    if current_app.config["PREFERRED_URL_SCHEME"] == "https":
        headers.setdefault("Strict-Transport-Security", HSTS)
    return response
