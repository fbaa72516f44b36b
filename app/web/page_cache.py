"""A cache in memory of public pages, for when a petition goes viral: each is rendered about once a second.

Not Flask-Caching, which keeps what a view returns: this answers before Flask runs, which takes most of the time.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

from flask import Flask
from werkzeug.wsgi import ClosingIterator

from app import counters
from app.web.kept_page import KeptPage
from app.web.public_page import parameters_read, relevant_query
from app.web.request_log import endpoint_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

TTL_SECONDS = 1.0  # no page that is sent is older
RENEWED_AFTER_SECONDS = 0.7  # one reader's request renews it from then on, and all others still get the last one
MAX_BYTES = 32 * 1024 * 1024  # of a store; compressed bodies, made when somebody asks for them, take a third more
MAX_BODY_BYTES = 4 * 1024 * 1024  # no page is larger, or its readers would wait for each other
MAX_QUERY_CHARACTERS = 300  # a page with a longer one is not kept
OVERHEAD_BYTES = 4096  # of a kept page: its headers, and the address twice
# A POST with such an answer has changed nothing. 410 is left out: a withdrawal answers 410.
REFUSED_STATUSES = {"400", "403", "404", "405", "413", "429"}
# These change what is public too, but come by the hundred a second: they show within TTL_SECONDS.
FREQUENT_POSTS = ("/petitions/", "/confirm/")
# Left out of the request that renders a page: a 304, or a part, for one reader would be no page for the others.
CONDITIONS = {"HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_RANGE", "HTTP_IF_RANGE"}


class Store:
    """Kept pages by address, bounded in bytes: when it is full, the half that was rendered longest ago goes.

    A page that people read is renewed each second, so it is among the newest.
    """

    def __init__(self, max_bytes: int) -> None:
        self.pages: dict[str, KeptPage] = {}
        self._max_bytes = max_bytes
        self._bytes = 0
        self._lock = Lock()

    def put(self, address: str, page: KeptPage) -> None:
        """Keep a page, in place of an older one."""
        with self._lock:
            before = self.pages.get(address)
            self.pages[address] = page
            self._bytes += _size(address, page) - (_size(address, before) if before else 0)
            if self._bytes > self._max_bytes:
                newest = sorted(self.pages.items(), key=lambda item: item[1].begun)[len(self.pages) // 2 :]
                self.pages = dict(newest)
                self._bytes = sum(_size(*item) for item in self.pages.items())

    def clear(self) -> None:
        """Forget all pages."""
        with self._lock:
            self.pages = {}
            self._bytes = 0


class PageCache:
    """WSGI middleware that keeps pages which the app declares public (`public_page`) and sends with an ETag.

    A page is known by its path and the parameters that it reads. It is sent within a second of when its rendering
    began, so the count in it is never older. One request at a time renders it. Pages with parameters have a store of
    their own, so that made-up ones push nothing else out.
    """

    def __init__(self, app: Flask) -> None:
        self._app: WSGIApplication = app.wsgi_app
        self._flask = app
        self._counters = counters.of(app)
        self._plain = Store(MAX_BYTES)
        self._with_query = Store(MAX_BYTES)
        self._rendering: dict[str, Lock] = {}

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer from the cache, or let the app answer and keep that."""
        method = environ["REQUEST_METHOD"]
        if method != "GET" and method != "HEAD":
            return self._change(environ, start_response, method)
        page = self._plain.pages.get(environ["PATH_INFO"])
        if page is None or (page.reads and environ.get("QUERY_STRING")):
            wanted = self._find(environ["PATH_INFO"], environ.get("QUERY_STRING", ""))
            return self._answer(wanted, environ, start_response) if wanted else self._app(environ, start_response)
        if time.monotonic() < page.renew_at:
            return self._repeat(page, environ, start_response)
        return self._answer(_Wanted(self._plain, environ["PATH_INFO"], "", page.reads), environ, start_response)

    def clear(self) -> None:
        """Forget all pages."""
        self._plain.clear()
        self._with_query.clear()

    def _change(self, environ: "WSGIEnvironment", start_response: "StartResponse", method: str) -> Iterable[bytes]:
        """Let the app answer, and clear the cache if that may have changed what is public."""
        if method != "POST" or environ["PATH_INFO"].startswith(FREQUENT_POSTS):
            return self._app(environ, start_response)

        def clear_and_start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            if status[:3] not in REFUSED_STATUSES:
                self.clear()
            return start_response(status, headers, exc_info)

        return self._app(environ, clear_and_start)

    def _find(self, path: str, query: str) -> "_Wanted | None":
        """Return which public page is asked for; None if it is none."""
        reads = parameters_read(self._flask, path)
        if reads is None:
            return None
        query = relevant_query(reads, query) if query else ""
        if len(query) > MAX_QUERY_CHARACTERS:
            return None
        if query:
            return _Wanted(self._with_query, f"{path}?{query}", query, reads)
        return _Wanted(self._plain, path, "", reads)

    def _answer(
        self, wanted: "_Wanted", environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Render the page, unless another request does: then send the last one, or wait where that is too old."""
        page = wanted.kept()
        if page is not None and time.monotonic() < page.renew_at:
            return self._repeat(page, environ, start_response)
        lock = self._rendering.setdefault(wanted.address, Lock())
        if not lock.acquire(blocking=False):
            if page is not None and time.monotonic() < page.begun + TTL_SECONDS:
                return self._repeat(page, environ, start_response)
            lock.acquire()
        try:
            page = wanted.kept()
            if page is not None and time.monotonic() < page.renew_at:
                return self._repeat(page, environ, start_response)
            return self._render(wanted, environ, start_response)
        finally:
            self._rendering.pop(wanted.address, None)
            lock.release()

    def _render(
        self, wanted: "_Wanted", environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        begun = time.monotonic()
        started: list[tuple[str, list[tuple[str, str]], str]] = []

        def capture(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> object:
            started.append((status, headers, endpoint_of(asked)))
            return None

        asked = {name: value for name, value in environ.items() if name not in CONDITIONS}
        asked |= {"REQUEST_METHOD": "GET", "QUERY_STRING": wanted.query}
        parts = self._app(asked, capture)  # type: ignore[arg-type]
        status, headers, endpoint = started[-1]
        found = {name.lower(): value for name, value in headers}
        is_public = status.startswith("200 ") and "public" in found.get("cache-control", "") and "etag" in found
        if not is_public:
            start_response(status, headers)
            return parts if environ["REQUEST_METHOD"] == "GET" else [_read(parts)[:0]]
        body = _read(parts)
        page = KeptPage(begun, begun + RENEWED_AFTER_SECONDS, wanted.reads, headers, body, endpoint)
        if len(body) <= MAX_BODY_BYTES:
            wanted.store.put(wanted.address, page)
        return page.send(environ, start_response)

    def _repeat(self, page: KeptPage, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Send a page that was rendered for another request, and count this one: the app does not see it."""
        body = page.send(environ, start_response)
        method = environ["REQUEST_METHOD"]
        self._counters.count(page.counted_as[method, "2xx" if body or method == "HEAD" else "3xx"])
        return body


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A public page that is asked for: where it is kept, its address, and the parameters that it reads."""

    store: Store
    address: str
    query: str
    reads: tuple[str, ...]

    def kept(self) -> KeptPage | None:
        return self.store.pages.get(self.address)


def _size(address: str, page: KeptPage) -> int:
    return page.size + 2 * len(address) + OVERHEAD_BYTES


def _read(parts: Iterable[bytes]) -> bytes:
    body = b"".join(parts)
    if isinstance(parts, ClosingIterator):
        parts.close()
    return body
