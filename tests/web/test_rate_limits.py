"""Rate limits for each client: more forms need a proof of work, and no IP address is stored."""

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import clock
from app.db import db
from app.signing import proof_of_work
from app.web import rate_limits
from app.web.rate_limits import Action
from tests.conftest import make_app
from tests.factories import MAILBOXES, SLUG, drafts, hidden_fields, make_mailbox, proof, sign, written
from tests.html_page import HtmlPage
from tests.redis_server import RedisServer

MOST = 30
HALL = "203.0.113.77"


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    yield server
    server.kill()


def sign_up_to_the_limit(client: FlaskClient, where: str = "127.0.0.1", times: int = MOST) -> None:
    for number in range(times):
        assert sign(client, where=where, email=f"one{number}@example.org").status_code == 303


def test_the_form_after_thirty_from_one_client_is_refused_and_keeps_what_was_typed(
    app: Flask, client: FlaskClient, petition: str
) -> None:
    sign_up_to_the_limit(client)
    before = written(app)
    answer = sign(client, name="Kept Example", comment="My own words", email="late@example.org")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 600
    assert "press Sign again in 10 minutes" in " ".join(answer.text.split())
    for typed in ("Kept Example", "My own words", "late@example.org"):
        assert typed in answer.text
    assert written(app) == before
    assert sign(client, where="192.0.2.9", email="late@example.org").status_code == 303


def test_a_form_with_errors_is_not_counted(client: FlaskClient, petition: str) -> None:
    for _ in range(MOST + 5):
        assert sign(client, email="not an address").status_code == 422
    assert sign(client).status_code == 303


def test_a_proof_of_work_is_accepted_over_the_limit(
    app: Flask, client: FlaskClient, petition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof_of_work, "MAX_NUMBER", 50)
    sign_up_to_the_limit(client)
    assert sign(client, email="late@example.org").status_code == 429
    worked = proof(client)
    assert sign(client, email="late@example.org", altcha=worked).status_code == 303
    assert sign(client, email="later@example.org", altcha=worked).status_code == 429, "used once before"
    assert len(drafts(app)) == MOST + 1


def test_forms_with_a_proof_have_a_limit_too(app: Flask, client: FlaskClient, petition: str) -> None:
    with app.test_request_context(environ_base={"REMOTE_ADDR": "127.0.0.1"}):
        assert not any(rate_limits.hit(Action.SIGN_WITH_PROOF) for _ in range(rate_limits.MAX_PROVEN_FORMS - 1))
    assert sign(client, altcha=proof(client)).status_code == 303
    assert sign(client, altcha=proof(client)).status_code == 429
    assert sign(client).status_code == 303, "what is counted without a proof is counted apart"


def test_two_hundred_people_at_one_address_can_sign(
    app: Flask, client: FlaskClient, petition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof_of_work, "MAX_NUMBER", 50)
    fields = hidden_fields(client.get(f"/petitions/{petition}").text)
    asked = 0
    for number in range(200):
        hall = {"REMOTE_ADDR": HALL}
        challenge = client.get(f"/petitions/{petition}/challenge.json", environ_base=hall).json
        assert challenge
        answers = {"name": "Ann Example", "country": "SE", "email": f"ann{number}@example.org", "visibility": "public"}
        if challenge["wanted"]:  # as the page's script does
            asked += 1
            answers["altcha"] = proof(client)
        answer = client.post(f"/petitions/{petition}/sign", data=answers | fields, environ_base=hall)
        assert answer.status_code == 303
    assert len(drafts(app)) == 200
    assert asked == 200 - 25, "the last places are left to browsers without scripts"
    assert sign(client, where=HALL, email="without.scripts@example.org").status_code == 303


def test_the_limit_looks_at_the_client_and_never_at_the_mailbox(app: Flask, client: FlaskClient, petition: str) -> None:
    for state in MAILBOXES:
        make_mailbox(app, state, f"{state:x<12}@example.org")
    sign_up_to_the_limit(client)
    answers = [sign(client, email=f"{state:x<12}@example.org") for state in MAILBOXES]
    assert {(answer.status_code, len(answer.data)) for answer in answers} == {(429, len(answers[0].data))}


def test_a_forged_x_forwarded_for_header_is_ignored(client: FlaskClient, petition: str) -> None:
    fields = hidden_fields(client.get(f"/petitions/{petition}").text)
    statuses = [signed_through(client, fields, number, f"198.51.100.{number}") for number in range(MOST + 3)]
    assert statuses == [303] * MOST + [429] * 3


def test_behind_a_proxy_only_its_own_x_forwarded_for_entry_counts(
    database_url: str, tmp_path: Path, app: Flask, petition: str
) -> None:
    behind = make_app(tmp_path, database_url, TRUSTED_PROXIES=1)
    client = behind.test_client()
    fields = hidden_fields(client.get(f"/petitions/{petition}").text)
    statuses = [signed_through(client, fields, n, f"198.51.100.{n}, 192.0.2.1") for n in range(MOST + 3)]
    assert statuses == [303] * MOST + [429] * 3
    assert signed_through(client, fields, 99, "192.0.2.1, 192.0.2.2") == 303
    with behind.app_context():
        db.engine.dispose()


def signed_through(client: FlaskClient, fields: dict[str, str], number: int, forwarded: str) -> int:
    answers = {"name": "Ann", "country": "SE", "email": f"ann{number}@example.org", "visibility": "public", **fields}
    path = f"/petitions/{SLUG}/sign"
    return client.post(path, data=answers, headers={"X-Forwarded-For": forwarded}).status_code


def test_requesting_entry_links_has_a_limit_of_its_own(app: Flask, client: FlaskClient, petition: str) -> None:
    path = f"/petitions/{petition}/my-signature"
    for number in range(MOST):
        assert client.post(path, data={"email": f"ann{number}@example.org"}).status_code == 303
    before = written(app)
    answer = client.post(path, data={"email": "late@example.org"})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert HtmlPage(answer.text).answers()["email"] == "late@example.org"
    assert "Please press the button again" in answer.text
    assert written(app) == before
    assert sign(client).status_code == 303


def test_two_processes_share_one_limit_in_redis(
    app: Flask, database_url: str, petition: str, tmp_path: Path, redis: RedisServer
) -> None:
    one, other = (make_app(tmp_path, database_url, REDIS_URL=redis.url) for _ in range(2))
    for number in range(MOST):
        answer = sign((one, other)[number % 2].test_client(), email=f"one{number}@example.org", where=HALL)
        assert answer.status_code == 303
    for process in (one, other):
        assert sign(process.test_client(), where=HALL).status_code == 429
        assert sign(process.test_client(), where="192.0.2.9").status_code == 303
        with process.app_context():
            db.engine.dispose()


def test_limits_are_counted_in_memory_while_redis_is_away(
    app: Flask, database_url: str, petition: str, tmp_path: Path, redis: RedisServer
) -> None:
    site = make_app(tmp_path, database_url, REDIS_URL=redis.url)
    client = site.test_client()
    sign_up_to_the_limit(client, HALL, 3)
    redis.kill()
    assert client.get(f"/petitions/{petition}/challenge.json").status_code == 200
    sign_up_to_the_limit(client, HALL)
    assert sign(client, where=HALL).status_code == 429
    redis.start()
    with site.app_context():
        db.engine.dispose()


def test_limits_are_shared_again_once_redis_is_back(
    app: Flask, database_url: str, petition: str, tmp_path: Path, redis: RedisServer
) -> None:
    site = make_app(tmp_path, database_url, REDIS_URL=redis.url)
    redis.kill()
    sign_up_to_the_limit(site.test_client(), HALL, 3)
    redis.start()
    sign_up_to_the_limit(site.test_client(), HALL, 3)
    assert not redis.keys(), "a Redis that was away is left alone for some seconds"
    site.extensions[rate_limits.EXTENSION].retry_at = 0
    sign_up_to_the_limit(site.test_client(), HALL)
    assert sign(site.test_client(), where=HALL).status_code == 429
    assert len(redis.keys()) == 1
    with site.app_context():
        db.engine.dispose()


def test_each_action_has_a_limit_of_its_own(app: Flask) -> None:
    with app.test_request_context(environ_base={"REMOTE_ADDR": HALL}):
        for action in Action:
            waits = [rate_limits.hit(action) for _ in range(action.limit().amount + 1)]
            assert not any(waits[:-1])
            assert 0 < waits[-1] <= 600


def test_a_site_starts_and_works_while_redis_is_away(
    app: Flask, database_url: str, petition: str, tmp_path: Path
) -> None:
    site = make_app(tmp_path, database_url, REDIS_URL=f"unix://{tmp_path}/nobody.sock")
    assert site.test_client().get(f"/petitions/{petition}").status_code == 200
    assert sign(site.test_client()).status_code == 303
    with site.app_context():
        db.engine.dispose()


def test_no_ip_address_is_in_memory_redis_or_the_log(
    app: Flask, database_url: str, petition: str, tmp_path: Path, redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    site = make_app(tmp_path, database_url, REDIS_URL=redis.url)
    for one in (app, site):
        sign_up_to_the_limit(one.test_client(), HALL)
        assert sign(one.test_client(), where=HALL).status_code == 429
    memory = app.extensions[rate_limits.EXTENSION].memory.clients()
    kept = [*memory, *map(bytes.decode, redis.keys())]
    assert len(kept) == 2
    with app.app_context():
        (today,) = rate_limits.client_keys(HALL)
    assert all(today in key for key in kept)
    assert HALL not in "".join(kept) + caplog.text
    with site.app_context():
        db.engine.dispose()


def test_a_client_has_another_key_each_day(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context():
        today = rate_limits.client_keys(HALL)
        assert today == rate_limits.client_keys(HALL)
        monkeypatch.setattr(clock, "now", lambda: datetime(2031, 5, 6, tzinfo=UTC))
        assert rate_limits.client_keys(HALL) != today


def test_what_is_refused_counts_for_no_network_and_is_not_remembered(app: Flask) -> None:
    remembered = app.extensions[rate_limits.EXTENSION].memory

    def tries(address: str, number: int) -> int:
        with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
            return sum(rate_limits.hit(Action.SIGN) == 0 for _ in range(number))

    assert tries("2001:db8:1::1", 200) == MOST
    assert tries("2001:db8:1:1::1", 200) == MOST, "one household did not use up its neighbours' limit"
    for number in range(2, 60):
        tries(f"2001:db8:1:{number * 256:x}::1", MOST)
    before = len(remembered.clients())
    for number in range(60, 200):
        assert tries(f"2001:db8:1:{number * 256:x}::1", 1) == 0
    assert len(remembered.clients()) == before


def test_neighbouring_ipv6_networks_share_a_greater_limit(
    client: FlaskClient, petition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has a /48 has 65,536 networks of one household, and no more forms for it than sixteen of them."""
    monkeypatch.setattr(rate_limits, "MAX_FORMS", 6)

    def sent_before_one_is_refused(address: Callable[[int], str]) -> int:
        for number in range(16 * 6 + 1):
            if sign(client, where=address(number), email=f"one{number}@example.org").status_code == 429:
                return number
        return 0

    assert sent_before_one_is_refused(lambda number: f"2001:db8:1:2::{number:x}") == 6
    assert sent_before_one_is_refused(lambda number: f"2001:db8:2:{number:x}::1") == 4 * 6
    assert sent_before_one_is_refused(lambda number: f"2001:db8:3:{number * 256:x}::1") == 16 * 6
