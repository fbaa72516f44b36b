"""Fetch a page over HTTP, each step with a time-out; redirects and proxies of the environment are not followed."""

import http.client
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

SECONDS = 5.0
MAX_BYTES = 64 * 1024
CERTIFICATE_DAYS = 14  # with fewer left, whoever renews it is told


@dataclass(frozen=True, slots=True)
class Page:
    """An answer: its status, its body's beginning, where it redirects, what time it says, its certificate's end."""

    status: int
    body: bytes
    location: str
    date: datetime | None
    certificate_until: datetime | None


class NotFetched(Exception):
    """There was no answer; the text says why."""


class BadCertificate(NotFetched):
    """The certificate is not accepted; the text says why."""


def fetch(url: str, headers: Mapping[str, str] | None = None) -> Page:
    """Return the answer to a GET; raise NotFetched if there is none, BadCertificate if it cannot be trusted."""
    try:
        return _fetch(url, headers or {})
    except ssl.SSLCertVerificationError as error:
        raise BadCertificate(error.verify_message) from None
    except TimeoutError:
        raise NotFetched("no answer in time") from None
    except (OSError, http.client.HTTPException) as error:
        raise NotFetched(getattr(error, "strerror", None) or type(error).__name__) from None


def _fetch(url: str, headers: Mapping[str, str]) -> Page:
    parts = urlsplit(url)
    assert parts.hostname
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        tls = ssl.create_default_context()
        connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=SECONDS, context=tls)
    else:
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=SECONDS)
    try:
        connection.request("GET", parts.path or "/", headers={"User-Agent": "countersign-doctor", **headers})
        until = certificate_until(connection.sock)
        answer = connection.getresponse()
        return Page(
            answer.status, answer.read(MAX_BYTES), answer.headers.get("Location", ""), _date(answer.headers), until
        )
    finally:
        connection.close()


def certificate_until(connected: socket.socket | None) -> datetime | None:
    """Return when the certificate of whoever is at the other end is over; None if the connection is not encrypted."""
    if not isinstance(connected, ssl.SSLSocket):
        return None
    certificate = connected.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)


def _date(headers: http.client.HTTPMessage) -> datetime | None:
    try:
        return parsedate_to_datetime(headers["Date"]).astimezone(UTC) if headers["Date"] else None
    except ValueError:
        return None
