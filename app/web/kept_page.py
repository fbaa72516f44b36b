"""A rendered page as it is sent again and again: whole, compressed, or as "not modified"."""

import gzip
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

import brotli  # type: ignore[import-untyped]
import zstandard
from werkzeug.http import parse_accept_header

from app.counters import REQUESTS
from app.web.static import COMPRESSIBLE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Headers = list[tuple[str, str]]
# The best first. Pages are made anew each second, so the levels are those that take about a millisecond.
ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda body: brotli.compress(body, quality=5),
    "zstd": lambda body: zstandard.ZstdCompressor(level=6).compress(body),
    "gzip": lambda body: gzip.compress(body, 6, mtime=0),
}
IDENTITY = "identity"
OF_THE_BODY = {"content-type", "content-length"}


class KeptPage:
    """A page: when its rendering began, from when on it is to be renewed, the parameters it reads, and its bytes.

    `counted_as` are the keys under which requests for it are counted. Header lists are made once, and each compression
    when the first reader takes it. These pages hold no secrets, so compressed lengths cannot reveal any (BREACH).
    """

    __slots__ = (
        *("begun", "renew_at", "reads", "size", "counted_as"),
        *("_bodies", "_etag", "_headers", "_is_compressible", "_not_modified"),
    )

    def __init__(
        self, begun: float, renew_at: float, reads: tuple[str, ...], headers: Headers, body: bytes, endpoint: str
    ) -> None:
        self.begun, self.renew_at, self.reads, self.size = begun, renew_at, reads, len(body)
        # Made once: a busy process holds a hundred thousand of them until they are added up.
        self.counted_as = {
            (method, status): (REQUESTS, endpoint, method, status)
            for method in ("GET", "HEAD")
            for status in ("2xx", "3xx")
        }
        found = {name.lower(): value for name, value in headers}
        self._etag = found["etag"]
        self._is_compressible = found.get("content-type", "").startswith(COMPRESSIBLE)
        self._headers = [*headers, ("Vary", "Accept-Encoding")]
        self._not_modified = [(name, value) for name, value in self._headers if name.lower() not in OF_THE_BODY]
        self._bodies: dict[str, tuple[Headers, list[bytes]]] = {IDENTITY: (self._headers, [body])}

    def send(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer a GET or HEAD (RFC 9110): 304 if the reader has the page, else the page as the reader takes it."""
        known = environ.get("HTTP_IF_NONE_MATCH")
        if known and self._is_known(known):
            start_response("304 NOT MODIFIED", self._not_modified)
            return []
        encoding = best_encoding(environ.get("HTTP_ACCEPT_ENCODING", ""))
        headers, body = self._bodies.get(encoding) or self._encode(encoding)
        start_response("200 OK", headers)
        return body if environ["REQUEST_METHOD"] == "GET" else []

    def _is_known(self, etags: str) -> bool:
        return etags.strip() == "*" or self._etag in (tag.strip().removeprefix("W/") for tag in etags.split(","))

    def _encode(self, encoding: str) -> tuple[Headers, list[bytes]]:
        if not self._is_compressible:
            return self._bodies[IDENTITY]
        (body,) = self._bodies[IDENTITY][1]
        encoded = ENCODERS[encoding](body)
        headers = [(name, value) for name, value in self._headers if name.lower() not in {"content-length", "etag"}]
        # The same page in other bytes needs a weak ETag (RFC 9110, 8.8.1).
        headers += [("Content-Encoding", encoding), ("Content-Length", str(len(encoded))), ("ETag", f"W/{self._etag}")]
        self._bodies[encoding] = headers, [encoded]
        return self._bodies[encoding]


@lru_cache(maxsize=1024)
def best_encoding(accepted: str) -> str:
    """Return the best of our encodings that `Accept-Encoding` takes, else `identity`.

    Of those with the same quality the one that comes first in ENCODERS.
    """
    quality = parse_accept_header(accepted).quality
    return max((*ENCODERS, IDENTITY), key=lambda name: quality(name) if name != IDENTITY else 0.0001)
