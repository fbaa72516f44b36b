"""`doctor` asks for the site by its public address: is it there, is it this one, and do proxies fit TRUSTED_PROXIES?"""

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.middleware.proxy_fix import ProxyFix

from app import clock
from app.doctor import clocks, fetch, probe
from app.doctor.finding import Finding, Verdict
from app.doctor.outside import check_outside
from tests.dns_server import DnsServer
from tests.doctor.conftest import made
from tests.doctor.test_relay import certified
from tests.mail_server import free_port

REACHED, PROXIES = "BASE_URL from outside", "Proxies in front"
Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Silent(WSGIRequestHandler):
    def log_message(self, *about: object) -> None:
        """Keep quiet."""


@contextmanager
def served(app: Wsgi) -> Iterator[str]:
    """Serve an app over real HTTP on loopback; its address."""
    server = make_server("127.0.0.1", 0, app, handler_class=Silent)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def through(app: Wsgi, *proxies: str) -> Wsgi:
    """Put proxies in front of an app, each of which `sets` X-Forwarded-For, `adds` to it, or leaves it away."""

    def proxied(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        for number, proxy in enumerate(proxies):
            told = environ.pop("HTTP_X_FORWARDED_FOR", "")
            if proxy == "sets":
                environ["HTTP_X_FORWARDED_FOR"] = f"192.0.2.{number}"
            elif proxy == "adds":
                environ["HTTP_X_FORWARDED_FOR"] = f"{told}, 192.0.2.{number}".lstrip(", ")
        return app(environ, start_response)

    return proxied


def found(base_url: str) -> dict[str, Finding]:
    return {finding.name: finding for finding in check_outside(made(base_url=base_url))}


@pytest.mark.both_databases
def test_the_site_is_reached(dns: DnsServer, app: Flask) -> None:
    with served(app) as base_url:
        findings = found(base_url)
    assert {name: finding.verdict for name, finding in findings.items()} == {REACHED: Verdict.OK, PROXIES: Verdict.OK}


def test_base_url_is_not_reached(dns: DnsServer) -> None:
    (finding,) = found(f"http://127.0.0.1:{free_port()}").values()
    assert finding.verdict == Verdict.WRONG and "refused" in finding.found


def test_base_url_takes_the_connection_and_never_answers(dns: DnsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "SECONDS", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        (finding,) = found(f"http://127.0.0.1:{silent.getsockname()[1]}").values()
    assert finding.verdict == Verdict.WRONG and "no answer in time" in finding.found


@pytest.mark.parametrize(
    ("status", "headers", "said"),
    [
        ("200 OK", [], "another page"),
        ("502 Bad Gateway", [], "status 502"),
        ("301 Moved", [("Location", "https://www.example.org/?x")], "redirects to https://www.example.org/."),
    ],
)
def test_base_url_leads_to_another_site(dns: DnsServer, status: str, headers: list[tuple[str, str]], said: str) -> None:
    def another(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response(status, headers)
        return [b"<p>Welcome"]

    with served(another) as base_url:
        (finding,) = found(base_url).values()
    assert finding.verdict == Verdict.WRONG and said in finding.found


def test_a_site_with_other_keys_is_another_site(dns: DnsServer, app: Flask, own_app: Flask) -> None:
    own_app.config["SECRET_KEY"] = "another-secret-for-tests-only-0123456789"
    with served(own_app) as base_url:
        (finding,) = found(base_url).values()
    assert finding.verdict == Verdict.WRONG and "same SECRET_KEY" in finding.change


@contextmanager
def served_encrypted(app: Wsgi, folder: Path, days: int) -> Iterator[str]:
    """Serve an app over HTTPS with a certificate of our own making, which is in `folder`."""
    server = make_server("127.0.0.1", 0, app, handler_class=Silent)
    server.socket = certified(folder, days).wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_certificate_that_nobody_trusts(dns: DnsServer, app: Flask, tmp_path: Path) -> None:
    with served_encrypted(app, tmp_path, days=90) as base_url:
        (finding,) = found(base_url).values()
    assert finding.verdict == Verdict.WRONG and "certificate" in finding.found and "self-signed" in finding.found


@pytest.mark.parametrize(
    ("days", "names"), [(90, {REACHED, PROXIES}), (5, {REACHED, PROXIES, "Certificate of the site"})]
)
def test_a_certificate_that_ends_soon(
    dns: DnsServer, app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int, names: set[str]
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    with served_encrypted(app, tmp_path, days) as base_url:
        assert found(base_url).keys() == names


@pytest.mark.parametrize(
    ("trusted", "proxies", "right"),
    [
        (0, [], None),
        (0, ["drops"], None),
        (1, ["sets"], None),
        (1, ["adds"], None),
        (2, ["sets", "adds"], None),
        (0, ["sets"], 1),
        (0, ["adds"], 1),
        (0, ["sets", "adds"], 2),
        (1, [], 0),
        (1, ["sets", "adds"], 2),
        (2, ["sets"], 1),
    ],
)
def test_proxies_that_do_not_fit_the_setting(
    dns: DnsServer, app: Flask, trusted: int, proxies: list[str], right: int | None
) -> None:
    app.config["TRUSTED_PROXIES"] = trusted
    fixed: Any = ProxyFix(app, trusted, trusted, trusted) if trusted else app
    with served(through(fixed, *proxies)) as base_url:
        finding = found(base_url)[PROXIES]
    if right is None:
        assert finding.verdict == Verdict.OK, finding
    else:
        assert finding.verdict == Verdict.WRONG and f"Set TRUSTED_PROXIES={right}" in finding.change


def test_nobody_else_learns_how_a_request_arrived(app: Flask, client: FlaskClient) -> None:
    assert client.get("/healthz/anything").status_code == 404
    with app.app_context():
        token = probe.make_token()
    answer = client.get(f"/healthz/{token}", headers={"X-Forwarded-For": "198.51.100.7"})
    assert answer.status_code == 200 and "no-store" in answer.headers["Cache-Control"]
    assert "198.51.100.7" not in answer.text


def test_a_probe_is_valid_for_a_minute(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context():
        token = probe.make_token()
    later = clock.now() + timedelta(seconds=probe.VALID_SECONDS + 2)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert client.get(f"/healthz/{token}").status_code == 404


def test_a_clock_unlike_that_of_whatever_answers_base_url(
    dns: DnsServer, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clocks, "_is_synchronised", lambda: None)
    now = clock.now
    monkeypatch.setattr(clock, "now", lambda: now() + timedelta(minutes=5))
    with served(app) as base_url:  # its server dates answers by the machine's own clock
        (finding,) = clocks.check_clock(made(base_url=base_url))
    assert finding.verdict == Verdict.WRONG and f"ahead of {base_url}" in finding.found
