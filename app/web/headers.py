"""The headers that every answer carries, and those of pages that nobody may keep.

A few lines rather than Flask-Talisman: the values are the same for all pages, so there is nothing to configure, and
nothing in them that a setting could weaken. `X-Frame-Options` is left out: `frame-ancestors` says it to
every browser in use, and can be said otherwise for one page.
"""

from datetime import timedelta

from flask import Flask, Response, current_app, request
from werkzeug import Response as BaseResponse

from app.web import language

# `form-action` also governs where a form's redirect may lead, which is always a page of ours.
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; script-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
YEAR_SECONDS = int(timedelta(days=365).total_seconds())
HSTS = f"max-age={YEAR_SECONDS}; includeSubDomains"
DEFAULT_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    # A window of another site that opened ours, or that ours opened, has no hold on it and learns nothing from it.
    "Cross-Origin-Opener-Policy": "same-origin",
    # None of these is asked for here; a script that got in all the same could not ask for them either.
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def init_app(app: Flask) -> None:
    """Add the headers to every answer, errors included."""
    app.after_request(_add)


def no_store(response: Response) -> Response:
    """Return the answer marked as private to this reader: no cache keeps it."""
    response.headers["Cache-Control"] = "no-store"
    return response


def cacheable(response: Response, seconds: int = 0) -> BaseResponse:
    """Return the answer marked as the same for everyone, with an ETag, and as `304` where the reader has it already.

    Browsers may keep it for `seconds`; a cache in front of the site shows nothing that is older than ten. A page must
    have been told its language: the first reader's would be everyone's.
    """
    if response.mimetype == "text/html" and not language.is_language_set():
        raise RuntimeError(f"{request.endpoint} is the same for everyone and speaks each reader's language")
    response.headers["Cache-Control"] = f"public, max-age={seconds}, s-maxage=1"
    # For those in front of sites alone (RFC 9213): a browser that may show a stale answer shows an old count.
    response.headers["CDN-Cache-Control"] = "public, max-age=1, stale-while-revalidate=8"
    response.add_etag()
    return response.make_conditional(request)


def immutable(response: Response) -> Response:
    """Return the answer marked as one that may be kept for good: what is another has another address (RFC 8246)."""
    response.headers["Cache-Control"] = f"public, max-age={YEAR_SECONDS}, immutable"
    return response


def allow_cross_origin(response: Response) -> Response:
    """Return the answer as one that every site may read, and draw into its pages."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def allow_framing(response: Response) -> Response:
    """Return the answer as one that every site may show in a frame: there is nothing on it to be tricked into."""
    response.headers["Content-Security-Policy"] = POLICY.replace("frame-ancestors 'none'", "frame-ancestors *")
    return response


def _add(response: Response) -> Response:
    headers = response.headers
    for name, value in DEFAULT_HEADERS.items():
        headers.setdefault(name, value)
    if "no-store" in headers["Cache-Control"]:
        headers["Cache-Control"] = "no-store"  # Flask-Security spells it `no-store=True`, which caches need not know
    # What every site may read, it may also load; the rest no other site's page can draw into itself.
    for_all = headers.get("Access-Control-Allow-Origin") == "*"
    headers.setdefault("Cross-Origin-Resource-Policy", "cross-origin" if for_all else "same-origin")
    if current_app.config["PREFERRED_URL_SCHEME"] == "https":
        headers.setdefault("Strict-Transport-Security", HSTS)
    return response
