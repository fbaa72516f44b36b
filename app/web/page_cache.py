"""A one-second cache in memory of pages that are the same for everyone, for when a petition goes viral.

Not Flask-Caching, which keeps what a view returns: this answers before Flask runs, which takes most of the time.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from werkzeug.http import parse_accept_header
from werkzeug.wsgi import ClosingIterator

from app.web.static import gzip_body

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

TTL_SECONDS = 1.0
MAX_PAGES = 500
MAX_BODY_BYTES = 1024 * 1024
# A POST with such an answer has changed nothing. 410 is left out: a withdrawal answers 410.
REFUSED_STATUSES = {"400", "403", "404", "405", "413", "429"}
BODY_HEADERS = {"content-type", "content-length"}


@dataclass(frozen=True, slots=True)
class _CachedPage:
    """A rendered response: when rendering began, its headers, the whole body, and the body in gzip."""

    begun: float
    etag: str
    headers: list[tuple[str, str]]
    body: bytes
    gzipped: bytes | None


class PageCache:
    """WSGI middleware that caches pages which the app marks `public` with an ETag (`cacheable` in app/web/headers.py).

    A page is sent from the cache within a second of when its rendering began, so the count in it is never older. A POST
    that was not refused clears the cache, so people who have just confirmed see it at once. Signing clears nothing: it
    changes nothing public.
    """

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app
        self._pages: dict[str, _CachedPage] = {}

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer from the cache, or let the app answer and cache that."""
        path = environ.get("PATH_INFO", "")
        if environ["REQUEST_METHOD"] == "POST" and not path.startswith("/petitions/"):
            return self._post(environ, start_response)
        is_page = not path.startswith("/static/") and "//" not in path and not environ.get("QUERY_STRING")
        if environ["REQUEST_METHOD"] != "GET" or not is_page:
            return self._app(environ, start_response)
        page = self._pages.get(path)
        if page is not None and time.monotonic() - page.begun < TTL_SECONDS:
            return _send_cached(page, environ, start_response)
        return self._fetch(environ, start_response, path)

    def _post(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Let the app answer, and clear the cache unless it refuses."""

        def clear_and_start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            if status[:3] not in REFUSED_STATUSES:
                self._pages.clear()
            return start_response(status, headers, exc_info)

        return self._app(environ, clear_and_start)

    def _fetch(self, environ: "WSGIEnvironment", start_response: "StartResponse", path: str) -> Iterable[bytes]:
        begun = time.monotonic()
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def capture(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> object:
            started.append((status, headers))
            return None

        # Without conditional headers: a 304 for a reader who has the page could not be cached.
        conditions = {"HTTP_IF_NONE_MATCH", "HTTP_RANGE"}
        unconditional = {name: value for name, value in environ.items() if name not in conditions}
        parts = self._app(unconditional, capture)  # type: ignore[arg-type]
        status, headers = started[-1]
        found = {name.lower(): value for name, value in headers}
        is_shared = status.startswith("200 ") and "public" in found.get("cache-control", "") and "etag" in found
        if not is_shared:
            start_response(status, headers)
            return parts
        body = b"".join(parts)
        if isinstance(parts, ClosingIterator):
            parts.close()
        headers.append(("Vary", "Accept-Encoding"))
        # These pages hold no secrets, so compressed lengths cannot reveal any (BREACH).
        page = _CachedPage(begun, found["etag"], headers, body, gzip_body(body, found["content-type"]))
        if len(page.body) <= MAX_BODY_BYTES:
            if len(self._pages) >= MAX_PAGES:
                self._pages.clear()
            self._pages[path] = page
        return _send_cached(page, environ, start_response)


def _send_cached(page: _CachedPage, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    etags = environ.get("HTTP_IF_NONE_MATCH", "")
    if page.etag in (tag.strip().removeprefix("W/") for tag in etags.split(",")):
        kept = [(name, value) for name, value in page.headers if name.lower() not in BODY_HEADERS]
        start_response("304 NOT MODIFIED", kept)
        return []
    accepted = parse_accept_header(environ.get("HTTP_ACCEPT_ENCODING", ""))
    if page.gzipped is None or not accepted.quality("gzip"):
        start_response("200 OK", page.headers)
        return [page.body]
    sent = [(name, value) for name, value in page.headers if name.lower() not in {"content-length", "etag"}]
    # The same page in other bytes needs a weak ETag (RFC 9110, 8.8.1).
    sent += [("Content-Encoding", "gzip"), ("Content-Length", str(len(page.gzipped))), ("ETag", f"W/{page.etag}")]
    start_response("200 OK", sent)
    return [page.gzipped]
