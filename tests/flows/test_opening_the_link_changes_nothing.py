"""Scanners, previews and the curious open the link: nothing happens until somebody presses the button."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db import Base, db
from tests.factories import press_confirm, sign, verified
from tests.mail_server import MailServer, link_in

pytestmark = pytest.mark.both_databases

PREFETCHERS = [
    {"Sec-Purpose": "prefetch;prerender"},
    {"Purpose": "prefetch"},
    {"User-Agent": "ScannerBot/1.0", "Accept": "*/*"},
]


def everything(app: Flask) -> dict[str, list[tuple[object, ...]]]:
    with app.app_context():
        tables = Base.metadata.sorted_tables
        return {table.name: [tuple(row) for row in db.session.execute(select(table))] for table in tables}


def test_getting_heading_and_prefetching_change_not_one_row(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Callable[[], int]
) -> None:
    sign(client)
    work()
    link = link_in(mail_server.letters[0])
    before = everything(app)
    for _ in range(20):
        for headers in PREFETCHERS:
            assert client.get(link, headers=headers).status_code == 200
            assert client.head(link, headers=headers).status_code == 200
    assert everything(app) == before
    assert verified(client) == 0


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "null"}, {"Origin": "https://webmail.example"}, {"Sec-Fetch-Site": "cross-site"}],
    ids=["says nothing", "Origin null", "Origin of a webmail", "cross-site"],
)
def test_the_button_counts_once_from_any_browser(
    client: FlaskClient, petition: str, mail_server: MailServer, work: Callable[[], int], headers: dict[str, str]
) -> None:
    sign(client)
    work()
    link = link_in(mail_server.letters[0])
    client.environ_base.update({f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()})
    for _ in range(3):
        press_confirm(client, link)
    assert verified(client) == 1
