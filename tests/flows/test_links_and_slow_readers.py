"""A page that everybody links to with parameters of their own, asked for at length, or read a byte at a time."""

import http.client
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.flows.conftest import EXAMPLE
from tests.site import Site

pytestmark = pytest.mark.slow

PAGE = f"/petitions/{EXAMPLE}"
LINKS, READERS = 10_000, 4
SLOW_CLIENTS = 40  # more than the site has threads
SECONDS = 3


def ask_many(port: int, paths: list[str]) -> set[str | None]:
    """Ask for pages one after the other; return the ids of the requests that they were rendered for."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    rendered = set()
    for path in paths:
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status == 200
        answer.read()
        rendered.add(answer.headers["X-Request-ID"])
    connection.close()
    return rendered


def test_ten_thousand_links_with_parameters_of_their_own_have_the_page_rendered_once_a_second(site: Site) -> None:
    began = time.monotonic()
    with ThreadPoolExecutor(READERS) as readers:
        paths = [
            [f"{PAGE}?fbclid={number}-{reader}" for number in range(LINKS // READERS)] for reader in range(READERS)
        ]
        rendered = set().union(*readers.map(lambda some: ask_many(site.port, some), paths))
    assert len(rendered) <= 3 * (time.monotonic() - began + 1)


def test_eight_thousand_characters_of_parameters_are_answered_with_the_page(site: Site) -> None:
    assert site.ask("GET", f"{PAGE}?{'utm_source=a&' * 615}")[0] == 200
    assert site.ask("GET", f"{PAGE}?before={'x' * 8000}")[0] == 200
    assert site.ask("GET", f"{PAGE}/signatures?utm_source={'x' * 8000}")[0] == 200
    assert site.ask("GET", f"{PAGE}/signatures?before={'x' * 8000}")[0] == 404, "nobody's name stands there"


def test_clients_that_send_or_read_a_byte_a_second_keep_nobody_waiting(site: Site) -> None:
    request = f"GET {PAGE} HTTP/1.1\r\nHost: localhost:{site.port}\r\n\r\n".encode()
    with ExitStack() as stack:
        slow = [socket.socket() for _ in range(SLOW_CLIENTS)]
        for client in slow:
            stack.callback(client.close)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            client.connect(("127.0.0.1", site.port))
        readers, writers = slow[::2], slow[1::2]
        for reader in readers:
            reader.sendall(request)
        for which in range(SECONDS):
            for reader in readers:
                assert reader.recv(1)
            for writer in writers:
                writer.sendall(request[which : which + 1])
            time.sleep(1)
            assert site.ask("GET", PAGE)[0] == 200
            assert site.ask("GET", f"{PAGE}/sign")[0] == 200
