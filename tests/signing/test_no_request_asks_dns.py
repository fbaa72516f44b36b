"""No page of signing asks DNS, which may take long and would tell whoever answers there; the worker alone does."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.email import traffic_shaping
from app.outbox import find_providers, take_turns
from tests.dns_server import DnsServer
from tests.factories import press_confirm, sign
from tests.mail_server import MailServer, link_in
from tests.site import wait_until


@pytest.fixture
def dns(app: Flask) -> Iterator[DnsServer]:
    """A DNS server that the app would ask, with traffic shaping on."""
    unshaped, server = app.extensions[take_turns.EXTENSION], DnsServer()
    server.add({f"{name}.example": {"MX": ["10 mx.example."]} for name in ("first", "second")})
    app.config["DNS_RESOLVER"] = server.address
    app.extensions.pop(find_providers.EXTENSION, None)
    take_turns.init_app(app, replace(traffic_shaping.load(None), is_on=True))
    yield server
    take_turns.init_app(app, unshaped)
    app.extensions.pop(find_providers.EXTENSION, None)
    server.stop()


def test_signing_correcting_the_address_and_confirming_ask_nothing(
    client: FlaskClient, petition: str, dns: DnsServer, mail_server: MailServer, work: Callable[[], int]
) -> None:
    page = sign(client, email="ann@first.example").location
    assert client.get(page).status_code == 200
    page = client.post(page, data={"email": "ann@second.example"}).location
    assert client.get(page).status_code == 200
    assert dns.asked == []
    wait_until(lambda: work() >= 0 and mail_server.letters)  # it asks beside
    assert ("second.example", "MX") in dns.asked
    dns.asked.clear()
    (letter,) = mail_server.letters
    assert client.get(page).status_code == 200
    assert press_confirm(client, link_in(letter)).status_code == 303
    assert dns.asked == []
