"""One line in the log for each request that the app answers, and a number that line, answer and faults share."""

import logging
import secrets
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from flask import Flask

from app.web import logs

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

REQUEST_ID_HEADER = "X-Request-ID"
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}
log = logging.getLogger(__name__)


class BrokenOff(Exception):
    """An answer could not be given to its end. It stands for the error itself, whose text no server may print."""


def init_app(app: Flask) -> None:
    """Stand around the whole app. What app/web/page_cache.py repeats never comes here.

    Such a page carries the number of the request that it was made for, whose line is in the log.
    """
    app.wsgi_app = RequestLog(app.wsgi_app)  # type: ignore[method-assign]


class RequestLog:
    """A WSGI application around another one, which numbers each request and logs how it was answered.

    The numbers are made here alone: one that a request brings along is neither believed nor repeated. The line has the
    pattern of the address, such as `/confirm/<token>`, and nothing that the request says.
    """

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer as the app does, with one header more. Raises BrokenOff where the app cannot."""
        answer = _Answer(environ)
        logs.under.set(answer.number)

        def begin(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> object:
            answer.begin(status)
            return start_response(status, [*headers, (REQUEST_ID_HEADER, answer.number)])

        try:
            answer.take(self._app(environ, begin))  # type: ignore[arg-type]
        except Exception as error:  # noqa: BLE001 - whatever it is, no server may print it
            raise answer.broken_off(error) from None
        return answer


class _Answer:
    """The body of an answer on its way out. It is logged once it is whole, or once nobody wants the rest."""

    def __init__(self, environ: "WSGIEnvironment") -> None:
        self.number = secrets.token_hex(6)
        self._environ = environ
        self._status = 500
        self._route = "unknown"
        self._began = time.perf_counter()
        self._bytes = 0
        self._is_logged = False

    def begin(self, status: str) -> None:
        """Note how the app answers, and which of its pages does, as Flask forgets that with the last line of it."""
        rule = getattr(self._environ.get("werkzeug.request"), "url_rule", None)
        self._status = int(status[:3])
        self._route = rule.rule if rule else "unknown"

    def take(self, parts: Iterable[bytes]) -> None:
        """Take the body that the app made."""
        self._parts = parts
        self._left = iter(parts)

    def broken_off(self, error: Exception) -> BrokenOff:
        """Log an error that no page could be made of; return what to raise in its place."""
        log.error("broken off: %s", logs.told(error))
        self._log()
        return BrokenOff()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            part = next(self._left)
        except StopIteration:
            self._log()
            raise
        except Exception as error:  # noqa: BLE001 - as above
            raise self.broken_off(error) from None
        self._bytes += len(part)
        return part

    def close(self) -> None:
        """Let go of the body, read to its end or not."""
        try:
            getattr(self._parts, "close", int)()
        except Exception as error:  # noqa: BLE001 - as above
            raise self.broken_off(error) from None
        self._log()

    def _log(self) -> None:
        if self._is_logged:
            return
        self._is_logged = True
        if log.isEnabledFor(logging.INFO):
            method = self._environ["REQUEST_METHOD"]
            about = {
                "method": method if method in METHODS else "another",
                "route": self._route,
                "status": self._status,
                "ms": round((time.perf_counter() - self._began) * 1000, 2),
                "bytes": self._bytes,
            }
            log.info("answered", extra={"about": about})
        logs.under.set("")
