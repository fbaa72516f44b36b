"""Metrics and what was found by `/readyz` are for this machine and for whoever has the token: nobody else."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.db import db
from tests.apps import make_app
from tests.mailbox.test_mailbox import FORWARDING

TOKEN = "Kx82-this-one-is-for-tests-only-0987654321"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
FAR = {"REMOTE_ADDR": "192.0.2.7"}


@pytest.fixture
def with_token(app: Flask) -> FlaskClient:
    """A client of a site that has METRICS_TOKEN."""
    app.config["METRICS_TOKEN"] = TOKEN
    return app.test_client()


def is_told(answer: TestResponse) -> bool:
    """Tell whether an answer of `/readyz` says what was found."""
    assert answer.status_code == 200
    assert answer.is_json or answer.text == "ready\n"
    return answer.is_json


@pytest.mark.parametrize(
    ("peer", "host"), [("127.0.0.1", "127.0.0.1:8000"), ("::1", "[::1]"), ("127.0.0.1", "localhost")]
)
def test_this_machine_is_told(client: FlaskClient, peer: str, host: str) -> None:
    asked = {"environ_base": {"REMOTE_ADDR": peer}, "headers": {"Host": host}}
    assert client.get("/metrics", **asked).status_code == 200
    assert is_told(client.get("/readyz", **asked))


@pytest.mark.parametrize("peer", ["192.0.2.7", "10.0.0.1", "2001:db8::1", "", "unix:"])
def test_another_machine_is_not(client: FlaskClient, peer: str) -> None:
    asked = {"environ_base": {"REMOTE_ADDR": peer}, "headers": {"Host": "localhost"}}
    answer = client.get("/metrics", **asked)
    assert answer.status_code == 404 and "countersign_" not in answer.text
    assert not is_told(client.get("/readyz", **asked))


@pytest.mark.parametrize("header", FORWARDING, ids=lambda header: next(iter(header)))
def test_whatever_a_proxy_on_this_machine_forwards_is_not(
    app: Flask, client: FlaskClient, header: dict[str, str]
) -> None:
    assert client.get("/metrics", headers=header).status_code == 404
    assert not is_told(client.get("/readyz", headers=header))


def test_nor_is_a_page_of_another_site_whose_name_leads_here(client: FlaskClient) -> None:
    assert client.get("/metrics", headers={"Host": "evil.example:8000"}).status_code == 404


@pytest.fixture
def trusting(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """A site behind a proxy whose word it takes for where visitors come from."""
    app = make_app(tmp_path_factory.mktemp("instance"), database_url, TRUSTED_PROXIES=1)
    yield app
    with app.app_context():
        db.engine.dispose()


def test_a_visitor_who_claims_to_be_this_machine_is_not(trusting: Flask) -> None:
    client = trusting.test_client()
    for claimed in ("127.0.0.1", "::1", "localhost"):
        assert client.get("/metrics", headers={"X-Forwarded-For": claimed}).status_code == 404


def test_the_token_is_enough_from_anywhere(with_token: FlaskClient) -> None:
    for headers in (BEARER, {"Authorization": f"bearer {TOKEN}"}, BEARER | {"X-Forwarded-For": "192.0.2.8"}):
        assert with_token.get("/metrics", headers=headers, environ_base=FAR).status_code == 200
        assert is_told(with_token.get("/readyz", headers=headers, environ_base=FAR))


@pytest.mark.parametrize(
    "given",
    [
        "", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", TOKEN, "Bearer \xff\xfe",
        f"Bearer {TOKEN} {TOKEN}", "Basic eDp5", f"Bearer a={TOKEN}", "Bearer None",
    ],
)  # fmt: skip
def test_anything_else_is_not(with_token: FlaskClient, given: str) -> None:
    assert with_token.get("/metrics", headers={"Authorization": given}, environ_base=FAR).status_code == 404
    assert not is_told(with_token.get("/readyz", headers={"Authorization": given}, environ_base=FAR))


@pytest.mark.parametrize("given", ["Bearer None", "Bearer ", "Bearer"])
def test_where_no_token_is_set_none_is_right(client: FlaskClient, given: str) -> None:
    assert client.get("/metrics", headers={"Authorization": given}, environ_base=FAR).status_code == 404


def test_a_wrong_token_does_not_shut_this_machine_out(client: FlaskClient) -> None:
    assert client.get("/metrics", headers=BEARER).status_code == 200
