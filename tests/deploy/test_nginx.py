"""The shipped nginx configuration, run by nginx: slow bodies, large uploads, floods of forms, and pages it keeps."""

import http.client
import re
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from flask import Flask

import config
from app.publishing.image_views import MAX_UPLOAD_BYTES
from bench.programs import find_nginx
from bench.proxy import Proxy
from tests.mail_server import free_port
from tests.site import wait_until

pytestmark = pytest.mark.slow

PUBLIC = "public, max-age=0, s-maxage=1"  # as in app/web/headers.py
START_PAGES = ("/de", "/fr", "/it", "/sv")  # one for each case, as each is kept for a second
PATIENCE_SECONDS = 10  # client_body_timeout in the shipped file


@dataclass
class Upstream:
    """The site behind the proxy, as far as it matters here: it keeps what reaches it."""

    port: int
    requests: list[tuple[str, int, dict[str, str]]] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    answers: threading.Event = field(default_factory=threading.Event)  # not before this is set


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = len(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            site.requests.append((self.command, length, dict(self.headers)))
            site.addresses.append(self.path)
            site.answers.wait()
            self.send_response(200)
            self.send_header(
                "Cache-Control",
                PUBLIC if self.path.startswith(("/petitions/public", *START_PAGES, "/static/")) else "no-store",
            )
            self.send_header("Vary", "Accept-Encoding")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST  # noqa: N815 - the name that http.server looks for

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site = Upstream(server.server_address[1])
    site.answers.set()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield site
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def proxy(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Run nginx with the shipped file, in which only ports and places of files are changed; give its TLS port."""
    with started(tmp_path_factory.mktemp("nginx"), upstream.port) as port:
        yield port


@contextmanager
def started(folder: Path, *nodes: int) -> Iterator[int]:
    program = find_nginx()
    if program is None:
        assert not config.environment().get("CI"), "without nginx nothing is known of the shipped file"
        pytest.skip("NO NGINX HERE, SO NOTHING OF THIS WAS TESTED. `make servers` gets it on Debian")
    port = free_port()
    process = subprocess.Popen(Proxy(folder, port, free_port()).command(program, nodes))
    try:
        wait_until(lambda: listens(port) or process.poll() is not None)
        assert process.poll() is None, (folder / "error.log").read_text()
        yield port
    finally:
        process.terminate()
        process.wait()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def client(port: int) -> http.client.HTTPSConnection:
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=60, context=ssl._create_unverified_context())


def post(port: int, body: bytes, headers: dict[str, str] | None = None) -> int:
    connection = client(port)
    try:
        connection.request("POST", "/", body, headers or {})
        return connection.getresponse().status
    finally:
        connection.close()


def test_an_image_of_the_size_that_the_site_accepts_gets_through(proxy: int, upstream: Upstream) -> None:
    assert post(proxy, b"x" * MAX_UPLOAD_BYTES) == 200
    assert upstream.requests[-1][1] == MAX_UPLOAD_BYTES
    assert post(proxy, b"x" * (MAX_UPLOAD_BYTES + 2 * 1024 * 1024)) == 413


def test_a_body_that_does_not_come_ends_at_the_proxy_and_never_reaches_the_site(proxy: int, upstream: Upstream) -> None:
    before = len(upstream.requests)
    connection = client(proxy)
    connection.putrequest("POST", "/")
    connection.putheader("Content-Length", "1000")
    connection.endheaders()
    connection.send(b"name=Ann")
    assert connection.sock is not None
    connection.sock.settimeout(PATIENCE_SECONDS * 6)
    answer = connection.sock.recv(100)  # nothing, or 408: nginx hangs up
    assert answer == b"" or b" 408 " in answer
    connection.close()
    assert len(upstream.requests) == before


def test_a_flood_of_forms_is_refused_and_pages_are_not(proxy: int, upstream: Upstream) -> None:
    statuses = [post(proxy, b"name=Ann") for _ in range(120)]
    assert set(statuses) == {200, 429}
    connection = client(proxy)
    for _ in range(60):
        connection.request("GET", "/")
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
    connection.close()


def test_what_a_visitor_claims_of_its_way_is_thrown_away(proxy: int, upstream: Upstream) -> None:
    connection = client(proxy)
    connection.request("GET", "/", headers={"X-Forwarded-For": "192.0.2.1", "Forwarded": "for=192.0.2.1"})
    connection.getresponse().read()
    connection.close()
    headers = upstream.requests[-1][2]
    assert headers["X-Forwarded-For"] == "127.0.0.1"
    assert "Forwarded" not in headers


def test_what_the_proxy_forwards_is_not_taken_for_a_program_at_this_machine(
    app: Flask, proxy: int, upstream: Upstream
) -> None:
    for host in ("petitions.example.org", "localhost", "127.0.0.1"):
        get(proxy, "/metrics", "/readyz", Host=host)
        metrics, readyz = (headers for _, _, headers in upstream.requests[-2:])
        here = app.test_client()
        assert here.get("/metrics", headers=metrics).status_code == 404
        assert here.get("/readyz", headers=readyz).mimetype == "text/plain"


def get(port: int, *paths: str, **headers: str) -> None:
    connection = client(port)
    for path in paths:
        connection.request("GET", path, headers=headers)
        connection.getresponse().read()
    connection.close()


def asked(upstream: Upstream, part: str) -> list[str]:
    return [address for address in upstream.addresses if part in address]


def test_a_public_page_is_kept_for_a_second_whatever_the_links_to_it_carry(proxy: int, upstream: Upstream) -> None:
    links = [f"/petitions/public-a?fbclid={number}&utm_source=letter" for number in range(20)]
    get(proxy, *links, "/petitions/public-a")
    assert 1 <= len(asked(upstream, "public-a")) < 10, "it may take more than a second on a busy machine"
    wait_until(lambda: get(proxy, "/petitions/public-a") or len(asked(upstream, "public-a")) > 1)


def test_readers_get_the_last_page_while_one_waits_for_a_site_that_is_slow(proxy: int, upstream: Upstream) -> None:
    get(proxy, "/petitions/public-e")
    upstream.answers.clear()
    waiting = threading.Thread(target=lambda: wait_until(lambda: get(proxy, "/petitions/public-e") or not_answered()))

    def not_answered() -> bool:
        return len(asked(upstream, "public-e")) > 1

    try:
        waiting.start()  # reads on until the page has become too old, and one request waits for a new one
        wait_until(not_answered)
        get(proxy, "/petitions/public-e")
        assert len(asked(upstream, "public-e")) == 2
    finally:
        upstream.answers.set()
        waiting.join()


def test_readers_browsers_share_a_page_by_what_they_take(proxy: int, upstream: Upstream) -> None:
    for taken in ("gzip, deflate, br, zstd", "br, gzip", "br;q=1.0, gzip;q=0.8"):
        get(proxy, "/petitions/public-b", **{"Accept-Encoding": taken})
    get(proxy, "/petitions/public-b", **{"Accept-Encoding": "gzip"})
    get(proxy, "/petitions/public-b", **{"Accept-Encoding": "br;q=0, gzip"})
    encodings = {sent["Accept-Encoding"] for _, _, sent in upstream.requests[-len(asked(upstream, "public-b")) :]}
    assert encodings == {"br", "gzip"}


def test_a_new_version_of_a_style_sheet_is_never_answered_with_the_old_one(proxy: int, upstream: Upstream) -> None:
    get(proxy, "/static/base.css?v=old", "/static/base.css?v=new")
    assert asked(upstream, "/static/base.css") == ["/static/base.css?v=old", "/static/base.css?v=new"]


@pytest.mark.parametrize(
    ("path", "poison"),
    [
        ("/sv", "%71=closed"),
        ("/de", "Q=closed"),
        ("/fr?q=a", "q=a&x=1&q=closed"),
        ("/it?q=a", "q&q=a"),
        ("/petitions/public-c/sign", "%6Canguage=ar"),
        ("/petitions/public-d/signatures", "before%3D=x&%62efore=x"),
        ("/petitions/public-e/changes", "before%3D=5&%62efore=5"),
    ],
)
def test_nobody_can_have_a_page_of_their_own_kept_as_everybodys(
    proxy: int, upstream: Upstream, path: str, poison: str
) -> None:
    for _ in range(3):
        get(proxy, f"{path.partition('?')[0]}?{poison}", path)
    of_page = [address for address in upstream.addresses if address.startswith(path.partition("?")[0])]
    assert path in of_page, "what everybody gets was asked for as everybody asks"
    assert len([address for address in of_page if poison in address]) == 3, "and the odd one each time"
    upstream.addresses.clear()


def test_a_form_goes_to_another_node_if_one_is_not_there_and_never_twice_if_one_dies_with_it(
    upstream: Upstream, tmp_path: Path
) -> None:
    folders = [tmp_path / "gone", tmp_path / "dies"]
    for folder in folders:
        folder.mkdir()
    with started(folders[0], free_port(), upstream.port) as port:
        assert [post(port, b"name=Ann") for _ in range(3)] == [200, 200, 200]
    before = len(upstream.requests)
    with (
        socket.create_server(("127.0.0.1", 0)) as dying,
        started(folders[1], dying.getsockname()[1], upstream.port) as port,
    ):
        threading.Thread(target=read_and_die, args=[dying]).start()
        assert post(port, b"name=Ann") == 502
        assert len(upstream.requests) == before
        assert post(port, b"name=Ann") == 200, "and whoever comes next is sent to the other"


def read_and_die(listening: socket.socket) -> None:
    """Take one request, and hang up on it."""
    connection = listening.accept()[0]
    with connection:
        while not connection.recv(65536).endswith(b"name=Ann"):
            pass


def test_what_is_not_public_is_asked_for_each_time(proxy: int, upstream: Upstream) -> None:
    get(proxy, *["/organise?next=x"] * 3, *["/confirm/token"] * 3)
    assert (len(asked(upstream, "/organise?next=x")), len(asked(upstream, "/confirm/token"))) == (3, 3)


SAMPLES = {"slug": "public-d", "lang": "ar", "language": "ar", "filename": "site.css", "version": "1", "digest": "d"}


def test_the_proxy_knows_every_parameter_that_a_public_page_reads(app: Flask) -> None:
    shipped = (config.ROOT / "deploy" / "nginx.conf.example").read_text("utf-8")
    (of_paths,) = re.findall(r"map \$uri \$countersign_parameters \{(.*?)\}\n", shipped, re.DOTALL)
    keys = re.findall(r'"(~?)(/?\^?[^"]*)" "([^"]*)";', of_paths)
    views = {name: getattr(view, "reads", ()) for name, view in app.view_functions.items()}
    of_page = [rule for rule in app.url_map.iter_rules() if views[rule.endpoint]]
    assert len(of_page) > len(keys) / 2
    for rule in of_page:
        path = re.sub(r"<(?:[^:>]*:)?(\w+)>", lambda found: SAMPLES[found[1]], rule.rule)
        matching = [key for is_regex, at, key in keys if (re.search(at, path) if is_regex else at == path)]
        known = matching[0].split("&") if matching else []
        assert {f"{name}=$arg_{name}" for name in views[rule.endpoint]} <= {*known}, rule.rule
