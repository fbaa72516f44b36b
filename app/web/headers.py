"""The headers of every response, and those that say how long it may be cached.

Not Flask-Talisman: the values are the same for all pages, so there is nothing to configure. `X-Frame-Options` is left
out: every browser in use knows `frame-ancestors`, which can also be changed for one page.
"""

from datetime import timedelta

from flask import Flask, Response, current_app, request
from werkzeug import Response as BaseResponse

from app.web import language
from app.web.public_page import is_public

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
    # Another site's window that opened ours, or that ours opened, can neither control it nor read from it.
    "Cross-Origin-Opener-Policy": "same-origin",
    # The site uses none of these, so an injected script could not use them either.
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def init_app(app: Flask) -> None:
    """Add the headers to every answer, errors included."""
    app.after_request(_add)


def no_store(response: Response) -> Response:
    """Return the response marked so that no cache may keep it."""
    response.headers["Cache-Control"] = "no-store"
    return response


def cacheable(response: Response, seconds: int = 0) -> BaseResponse:
    """Return the response marked as cacheable, with an ETag; a `304` where the reader has it already.

    Browsers may keep it for `seconds`; a cache in front of the site never shows one older than ten seconds. A page must
    have its language set, or the first reader's would be everyone's.
    """
    if not is_public(request.endpoint):
        raise RuntimeError(f"{request.endpoint} is to be cached but not declared as a public_page")
    if response.mimetype == "text/html" and not language.is_language_set():
        raise RuntimeError(f"{request.endpoint} is the same for everyone and speaks each reader's language")
    response.headers["Cache-Control"] = f"public, max-age={seconds}, s-maxage=1"
    # For shared caches alone (RFC 9213): a browser that may show a stale response shows an old count.
    response.headers["CDN-Cache-Control"] = "public, max-age=1, stale-while-revalidate=8"
    response.add_etag()
    return response.make_conditional(request)


def immutable(response: Response) -> Response:
    """Return the response marked as one that never changes (RFC 8246): another version has another address."""
    response.headers["Cache-Control"] = f"public, max-age={YEAR_SECONDS}, immutable"
    return response


def allow_cross_origin(response: Response) -> Response:
    """Return the response with a header that lets every site read it (CORS)."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def allow_framing(response: Response) -> Response:
    """Return the response as one that every site may frame: it has nothing to click by mistake (clickjacking)."""
    response.headers["Content-Security-Policy"] = POLICY.replace("frame-ancestors 'none'", "frame-ancestors *")
    return response


def _add(response: Response) -> Response:
    headers = response.headers
    given = {name.lower() for name, _ in headers}
    headers.extend((name, value) for name, value in DEFAULT_HEADERS.items() if name.lower() not in given)
    if "no-store" in headers["Cache-Control"]:
        headers["Cache-Control"] = "no-store"  # Flask-Security writes `no-store=True`, which caches need not understand
    # A response that every site may read may also be embedded by every site; all others may not.
    for_all = headers.get("Access-Control-Allow-Origin") == "*"
    headers.setdefault("Cross-Origin-Resource-Policy", "cross-origin" if for_all else "same-origin")
    if current_app.config["PREFERRED_URL_SCHEME"] == "https":
        headers.setdefault("Strict-Transport-Security", HSTS)
    return response
