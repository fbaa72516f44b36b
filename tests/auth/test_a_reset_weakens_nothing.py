"""A password reset never weakens an account: every factor that it had is still asked for."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.auth.authenticator import Authenticator
from tests.auth.test_second_factor import CODE, RECOVERY, add, code, make_codes, set_up_codes, use
from tests.auth.test_signing_in import LOGIN, RESET, is_in, sign_in
from tests.organisers.people import (
    OWNER,
    PASSWORD,
    browser,
    letters_to_organisers,
    make_organiser,
    signed_in,
)

pytestmark = pytest.mark.both_databases

NEW = "ein ganz neues Kennwort"
WAN_SIGN_IN = "/organise/wan-signin"
SELECT = "/organise/tf-select"


def reset(app: Flask, password: str = NEW) -> FlaskClient:
    """Set a new password by the link in the letter, as whoever reads the mailbox can; return that browser."""
    client = browser(app)
    client.post(RESET, data={"email": OWNER})
    link = re.search(r"(/organise/reset/\S+)", letters_to_organisers(app)[-1])
    assert link
    assert client.post(link[1], data={"password": password, "password_confirm": password}).location == LOGIN
    assert not is_in(client)
    return client


def reset_and_sign_in(app: Flask) -> tuple[FlaskClient, str]:
    """Reset the password and sign in with it; return the browser and the page that it is led to."""
    client = reset(app)
    return client, sign_in(client, password=NEW).location.split("?")[0]


def passkey_of(app: Flask, usage: str = "first", *, verifies: bool = True) -> Authenticator:
    """Add a passkey to the owner's account."""
    passkey = Authenticator(app.config["BASE_URL"], verifies=verifies)
    add(signed_in(app), passkey, usage, f"my {passkey.id.hex()[:4]}")
    return passkey


def test_without_any_other_factor_the_new_password_signs_in(app: Flask) -> None:
    make_organiser(app, password=PASSWORD)
    client, page = reset_and_sign_in(app)
    assert page == "/organise"
    assert is_in(client)


@pytest.mark.parametrize("password", [None, PASSWORD])
def test_with_a_passkey_that_signs_in_alone_it_is_still_asked_for(app: Flask, password: str | None) -> None:
    make_organiser(app, password=password)
    passkey = passkey_of(app)
    client, page = reset_and_sign_in(app)
    assert page == WAN_SIGN_IN
    assert not is_in(client)
    for path in ("/organise", "/organise/tf-setup", "/organise/wan-register", "/organise/mf-recovery-codes"):
        assert client.get(path).location.startswith(LOGIN)
    assert use(client, passkey).location == "/organise"
    assert is_in(client)
    alone = browser(app)
    assert use(alone, passkey).location == "/organise"
    assert is_in(alone)


def test_the_passkey_that_signs_in_alone_verifies_its_user_as_second_step_too(app: Flask) -> None:
    make_organiser(app)
    passkey = passkey_of(app)
    passkey.verifies = False
    client, _ = reset_and_sign_in(app)
    use(client, passkey)
    assert not is_in(client)


def test_the_passkey_of_another_account_is_no_second_step(app: Flask) -> None:
    make_organiser(app)
    passkey_of(app)
    others = {usage: Authenticator(app.config["BASE_URL"]) for usage in ("first", "secondary")}
    for usage, other in others.items():
        add(signed_in(app, "other@example.org"), other, usage, f"their {usage}")
    client, page = reset_and_sign_in(app)
    assert page == WAN_SIGN_IN
    for other in others.values():
        use(client, other)
        assert not is_in(client)


def test_a_password_never_makes_another_accounts_second_step_enough(app: Flask) -> None:
    make_organiser(app, "other@example.org")
    victims = Authenticator(app.config["BASE_URL"], verifies=False)
    add(signed_in(app, "other@example.org"), victims, "secondary")
    make_organiser(app, password=PASSWORD)
    passkey_of(app, "secondary")
    thief = browser(app)
    assert sign_in(thief).location.startswith(WAN_SIGN_IN)
    use(thief, victims)
    assert not is_in(thief)


def test_with_an_authenticator_app_its_code_is_still_asked_for(app: Flask) -> None:
    make_organiser(app, password=PASSWORD)
    key = set_up_codes(signed_in(app))
    client, page = reset_and_sign_in(app)
    assert page == CODE
    assert not is_in(client)
    client.post(CODE, data={"code": code(key)})
    assert is_in(client)


def test_with_a_passkey_as_second_step_it_is_still_asked_for(app: Flask) -> None:
    make_organiser(app, password=PASSWORD)
    passkey = passkey_of(app, "secondary", verifies=False)
    client, page = reset_and_sign_in(app)
    assert page == WAN_SIGN_IN
    assert not is_in(client)
    assert use(client, passkey).location == "/organise"


@pytest.mark.parametrize("kind", ["passkey", "app", "both"])
def test_recovery_codes_outlive_the_reset_and_stand_in_for_what_is_lost(app: Flask, kind: str) -> None:
    make_organiser(app)
    if kind != "passkey":
        set_up_codes(signed_in(app))
    if kind != "app":
        passkey_of(app)
    codes = make_codes(signed_in(app))
    client, page = reset_and_sign_in(app)
    assert page == {"passkey": WAN_SIGN_IN, "app": CODE, "both": SELECT}[kind]
    link = re.search(rf'href="({RECOVERY}[^"]*)"', client.get(page).text)
    assert link
    assert "recovery codes" in client.post(link[1], data={"code": "0000-0000-0000"}).text
    assert not is_in(client)
    assert client.post(link[1], data={"code": codes[0]}).location == "/organise"
    assert is_in(client)


def test_with_both_either_can_be_chosen(app: Flask) -> None:
    make_organiser(app)
    key = set_up_codes(signed_in(app))
    passkey = passkey_of(app)
    client, page = reset_and_sign_in(app)
    assert page == SELECT
    assert client.post(SELECT, data={"which": "webauthn"}).location.split("?")[0] == WAN_SIGN_IN
    assert use(client, passkey).location == "/organise"
    client = browser(app)
    sign_in(client, password=NEW)
    assert client.post(SELECT, data={"which": "authenticator"}).location.split("?")[0] == CODE
    client.post(CODE, data={"code": code(key)})
    assert is_in(client)


def test_a_reset_gives_no_new_tries_at_codes(app: Flask) -> None:
    make_organiser(app, password=PASSWORD)
    key = set_up_codes(signed_in(app))
    client = browser(app)
    sign_in(client)
    for _ in range(5):
        assert client.post(CODE, data={"code": "000000"}).status_code == 200
    client, _page = reset_and_sign_in(app)
    assert client.post(CODE, data={"code": code(key)}).status_code == 429
    assert not is_in(client)
