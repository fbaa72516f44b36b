"""Floods at the organisers' door: limited by network before they cost anything, and two hashes at a time."""

import threading
import time

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.auth import hashing
from app.db import db
from app.models import LoginAttempt, OutboxRow
from app.web.rate_limits import MAX_FORMS, MAX_SIGN_INS
from tests.auth.test_signing_in import LOGIN, RESET, is_in, sign_in
from tests.concurrency.test_races import at_once
from tests.factories import sign
from tests.organisers.people import OWNER, PASSWORD, browser, make_organiser


class SlowContext:
    """Takes a moment for each hash and notes how many were made at once."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.most = self.running = self.done = 0
        self._lock = threading.Lock()

    def _work(self) -> None:
        with self._lock:
            self.running += 1
            self.most = max(self.most, self.running)
        time.sleep(self.seconds)
        with self._lock:
            self.running -= 1
            self.done += 1

    def hash(self, *values: object, **options: object) -> str:
        self._work()
        return "$argon2id$x"

    def verify(self, *values: object, **options: object) -> bool:
        self._work()
        return False

    def identify(self, hashed: str) -> str:
        return "argon2"

    def needs_update(self, *values: object) -> bool:
        return False


def slow_hashing(app: Flask, monkeypatch: pytest.MonkeyPatch, seconds: float) -> SlowContext:
    context = SlowContext(seconds)
    limited = app.extensions["security"].pwd_context
    assert isinstance(limited, hashing.LimitedHashing)
    monkeypatch.setattr(limited, "_context", context)
    return context


def log_in_from(app: Flask, which: int) -> int:
    client = browser(app)
    client.environ_base["REMOTE_ADDR"] = f"198.51.{which}.7"
    return sign_in(client, f"stranger{which}@example.org", "a wrong password").status_code


def test_two_passwords_are_hashed_at_a_time_and_the_others_wait_their_turn(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashing, "WAIT_SECONDS", 30)
    context = slow_hashing(app, monkeypatch, 0.02)
    statuses = at_once(12, lambda which: log_in_from(app, which))
    assert context.most == hashing.MAX_AT_ONCE
    assert set(statuses) == {200}
    assert context.done == 12


def test_who_would_wait_for_long_is_asked_to_come_back(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "WAIT_SECONDS", 0.05)
    slow_hashing(app, monkeypatch, 0)
    taken = [hashing._slots.acquire(timeout=5) for _ in range(hashing.MAX_AT_ONCE)]
    assert log_in_from(app, 1) == 429
    for _ in taken:
        hashing._slots.release()
    assert log_in_from(app, 1) == 200


def fill(client: FlaskClient, path: str, number: int) -> set[int]:
    return {client.post(path, data={"email": f"x{which}@example.org", "password": "wrong"}).status_code
            for which in range(number)}  # fmt: skip


def test_logins_are_limited_by_network_before_a_password_is_hashed(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    make_organiser(app, password=PASSWORD)
    context = slow_hashing(app, monkeypatch, 0)
    client = browser(app)
    assert fill(client, LOGIN, MAX_SIGN_INS) == {200}
    done = context.done
    over = sign_in(client)
    assert over.status_code == 429
    assert "Many tries came from where you are" in over.text
    assert int(over.headers["Retry-After"]) > 0
    assert context.done == done
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(LoginAttempt)) == MAX_SIGN_INS


def test_another_network_can_still_sign_in(app: Flask) -> None:
    make_organiser(app, password=PASSWORD)
    flooding, other = browser(app), browser(app)
    other.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    fill(flooding, RESET, MAX_FORMS + 1)
    sign_in(other)
    assert is_in(other)


def test_reset_forms_are_limited_by_network_before_a_row_is_written(app: Flask) -> None:
    client = browser(app)
    assert fill(client, RESET, MAX_FORMS) == {303}
    assert fill(client, RESET, 5) == {429}
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(OutboxRow)) == MAX_FORMS


def test_invitations_are_limited_by_network(app: Flask) -> None:
    client = browser(app)
    statuses = [client.post("/organise/invitation/forged", data={}).status_code for _ in range(MAX_SIGN_INS + 1)]
    assert 429 not in statuses[:-1]
    assert statuses[-1] == 429


def test_a_flood_at_the_door_keeps_nobody_from_signing(app: Flask, petition: str) -> None:
    make_organiser(app, password=PASSWORD)
    fill(browser(app), RESET, MAX_FORMS + 1)
    assert sign(app.test_client(), email=OWNER).status_code == 303
