"""The access log: a line for each request that the app answers, with an id that response and error lines share.

Requests are counted here too (see app/counters.py).
"""

import logging
import secrets
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.routing import Rule

from app import counters, logs

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

REQUEST_ID_HEADER = "X-Request-ID"
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}
UNKNOWN = "unknown"
log = logging.getLogger(__name__)


class ResponseAborted(Exception):
    """A response could not be completed. Raised in place of the error, whose text the server would print."""


def init_app(app: Flask) -> None:
    """Wrap the app. Pages from the cache of app/web/page_cache.py are not logged.

    Such a page carries the id of the request that it was rendered for, which was logged.
    """
    app.wsgi_app = RequestLog(app.wsgi_app, counters.of(app))  # type: ignore[method-assign]


class RequestLog:
    """WSGI middleware that gives each request an id, and logs and counts how it was answered.

    An id in a request's headers is ignored. The line has the route, such as `/confirm/<token>`,
    and nothing else of the request.
    """

    def __init__(self, app: "WSGIApplication", counts: counters.Counters) -> None:
        self._app = app
        self._counters = counts

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer as the app does, with the id in a header; raise ResponseAborted if the app fails."""
        answer = _Answer(environ, self._counters)
        logs.correlation_id.set(answer.request_id)

        def begin(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> object:
            answer.begin(status)
            return start_response(status, [*headers, (REQUEST_ID_HEADER, answer.request_id)])

        try:
            answer.take(self._app(environ, begin))  # type: ignore[arg-type]
        except Exception as error:  # noqa: BLE001 - the server would print any error
            raise answer.abort_with(error) from None
        return answer


class _Answer:
    """The body of a response while it is sent. Logged and counted once it is complete, or closed before that."""

    def __init__(self, environ: "WSGIEnvironment", counts: counters.Counters) -> None:
        self.request_id = secrets.token_hex(6)
        self._environ = environ
        self._counters = counts
        self._status = 500
        self._route = self._endpoint = UNKNOWN
        self._began = time.perf_counter()
        self._bytes = 0
        self._is_logged = False

    def begin(self, status: str) -> None:
        """Keep status and route: Flask's request context ends with the last part of the body."""
        rule = _rule_of(self._environ)
        self._status = int(status[:3])
        self._route, self._endpoint = (rule.rule, rule.endpoint) if rule else (UNKNOWN, UNKNOWN)

    def take(self, parts: Iterable[bytes]) -> None:
        """Set the body."""
        self._parts = parts
        self._left = iter(parts)

    def abort_with(self, error: Exception) -> ResponseAborted:
        """Log an error that came too late for an error page; return what to raise in its place."""
        log.error("broken off: %s", logs.describe_error(error))
        self._log()
        return ResponseAborted()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            part = next(self._left)
        except StopIteration:
            self._log()
            raise
        except Exception as error:  # noqa: BLE001 - as above
            raise self.abort_with(error) from None
        self._bytes += len(part)
        return part

    def close(self) -> None:
        """Close the body, read to its end or not."""
        try:
            getattr(self._parts, "close", int)()
        except Exception as error:  # noqa: BLE001 - as above
            raise self.abort_with(error) from None
        self._log()

    def _log(self) -> None:
        if self._is_logged:
            return
        self._is_logged = True
        method = self._environ["REQUEST_METHOD"]
        method = method if method in METHODS else "another"
        self._counters.count((counters.REQUESTS, self._endpoint, method, f"{self._status // 100}xx"))
        if self._status >= 500:
            self._counters.count((counters.SERVER_ERRORS,))
        if log.isEnabledFor(logging.INFO):
            about = {
                "method": method,
                "route": self._route,
                "status": self._status,
                "ms": round((time.perf_counter() - self._began) * 1000, 2),
                "bytes": self._bytes,
            }
            log.info("answered", extra={"about": about})
        logs.correlation_id.set("")


def endpoint_of(environ: "WSGIEnvironment") -> str:
    """Return the name of the view that Flask found for a request whose answer begins; `unknown` if there is none."""
    rule = _rule_of(environ)
    return str(rule.endpoint) if rule else UNKNOWN


def _rule_of(environ: "WSGIEnvironment") -> Rule | None:
    rule: Rule | None = getattr(environ.get("werkzeug.request"), "url_rule", None)
    return rule
