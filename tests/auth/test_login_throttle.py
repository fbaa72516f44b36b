"""The login throttle: a few attempts at passwords and codes, even at once, then a pause."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app import clock
from app.auth import login_throttle
from app.auth.login_throttle import Secret
from app.db import db, transaction
from app.models import LoginAttempt
from tests.auth.test_second_factor import CODE, RECOVERY, code, give_password, make_codes, set_up_codes
from tests.auth.test_signing_in import RESET, is_in, sign_in
from tests.concurrency.test_races import at_once
from tests.organisers.people import (
    OWNER,
    PASSWORD,
    browser,
    letters_to_organisers,
    make_organiser,
    signed_in,
)

pytestmark = pytest.mark.both_databases


def let_time_pass(app: Flask, by: timedelta) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(LoginAttempt).values(since=clock.now() - by))


def wrong_code(client: FlaskClient) -> TestResponse:
    return client.post(CODE, data={"code": "000000"})


@pytest.mark.parametrize("email", [OWNER, "stranger@example.org"])
def test_after_ten_wrong_passwords_all_are_refused_for_15_minutes(app: Flask, email: str) -> None:
    make_organiser(app, password=PASSWORD)
    for _ in range(10):
        assert sign_in(browser(app), email, "a wrong password").status_code == 200
    refused = sign_in(browser(app), email)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "900")
    assert "too many tries with this address" in refused.text
    let_time_pass(app, timedelta(minutes=14))
    assert sign_in(browser(app), email).status_code == 429
    let_time_pass(app, timedelta(minutes=15))
    assert sign_in(browser(app), email).status_code == (302 if email == OWNER else 200)


def test_other_spellings_of_an_address_share_its_count(app: Flask) -> None:
    for _ in range(10):
        sign_in(browser(app), "some.body@gmail.com", "a wrong password")
    assert sign_in(browser(app), "SomeBody+x@googlemail.com").status_code == 429


def test_of_fifty_codes_at_once_five_are_checked(app: Flask) -> None:
    def task(_: int) -> bool:
        with app.app_context():
            try:
                login_throttle.count_attempt(Secret.CODE, "somebody")
            except login_throttle.TooManyAttempts:
                return False
            return True

    assert at_once(50, task).count(True) == 5


def test_after_five_wrong_codes_the_right_one_is_refused_and_the_owner_gets_one_email(app: Flask) -> None:
    make_organiser(app, password=PASSWORD)
    key = set_up_codes(signed_in(app))
    for _ in range(5):
        assert wrong_code(give_password(app)).status_code == 200
    client = give_password(app)
    for _ in range(3):
        refused = client.post(CODE, data={"code": code(key)})
        assert refused.status_code == 429
        assert "too many wrong codes" in refused.text
    assert not is_in(client)
    assert [letter for letter in letters_to_organisers(app) if "Somebody knows your password" in letter] == [
        letters_to_organisers(app)[-1]
    ]
    let_time_pass(app, timedelta(hours=1))
    client.post(CODE, data={"code": code(key)})
    assert is_in(client)


def test_recovery_codes_have_their_own_limit(app: Flask) -> None:
    make_organiser(app, password=PASSWORD)
    set_up_codes(signed_in(app))
    codes = make_codes(signed_in(app))
    client = give_password(app)
    for _ in range(6):
        wrong_code(client)
    for _ in range(10):
        assert client.post(RECOVERY, data={"code": "0000-0000-0000"}).status_code == 200
    assert client.post(RECOVERY, data={"code": codes[0]}).status_code == 429
    let_time_pass(app, timedelta(hours=1))
    assert client.post(RECOVERY, data={"code": codes[0]}).location == "/organise"


def test_a_successful_attempt_is_not_counted(app: Flask) -> None:
    make_organiser(app, password=PASSWORD)
    for _ in range(12):
        assert sign_in(browser(app)).location == "/organise"


@pytest.mark.parametrize("came", [True, False])
def test_the_limit_does_not_reveal_whether_the_owner_signed_in(app: Flask, came: bool) -> None:
    make_organiser(app, password=PASSWORD)
    for _ in range(8):
        sign_in(browser(app), password="a wrong password")
    if came:
        assert sign_in(browser(app)).location == "/organise"
    answers = [sign_in(browser(app), password="a wrong password").status_code for _ in range(3)]
    assert answers == [200, 200, 429]


def test_strangers_cannot_lock_out_a_signed_in_organiser(app: Flask) -> None:
    make_organiser(app, password=PASSWORD)
    client = signed_in(app, minutes_ago=30)
    for _ in range(12):
        sign_in(browser(app), password="a wrong password")
    assert client.post("/organise/verify", data={"password": PASSWORD}).location == "/organise"


def test_a_reset_password_works_at_once(app: Flask) -> None:
    make_organiser(app, password=PASSWORD)
    for _ in range(11):
        sign_in(browser(app), password="a wrong password")
    browser(app).post(RESET, data={"email": OWNER})
    link = re.search(r"(/organise/reset/\S+)", letters_to_organisers(app)[-1])
    assert link
    new = "ein ganz neues Kennwort"
    browser(app).post(link[1], data={"password": new, "password_confirm": new})
    assert sign_in(browser(app), password=new).location == "/organise"


@pytest.mark.parametrize("path", ["/organise/verify", "/organise/change"])
def test_a_stolen_session_cannot_be_used_to_guess_passwords(app: Flask, path: str) -> None:
    make_organiser(app, password=PASSWORD)
    client = signed_in(app)
    new = {"new_password": "ein ganz neues Kennwort", "new_password_confirm": "ein ganz neues Kennwort"}
    for _ in range(10):
        assert client.post(path, data={"password": "a wrong password", **new}).status_code == 200
    assert client.post(path, data={"password": PASSWORD, **new}).status_code == 429


def test_expired_counts_are_deleted(app: Flask) -> None:
    sign_in(browser(app), password="a wrong password")
    with app.app_context():
        login_throttle.forget_old_attempts(clock.now() + timedelta(minutes=59))
        assert len(db.session.scalars(select(LoginAttempt)).all()) == 1
        login_throttle.forget_old_attempts(clock.now() + timedelta(hours=1))
        assert db.session.scalars(select(LoginAttempt)).all() == []
