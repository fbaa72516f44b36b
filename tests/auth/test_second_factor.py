"""Second factors and passkeys: required at sign-in, codes work once, and secrets are sealed in the database."""

import re
import time

import pytest
from flask import Flask
from flask.testing import FlaskClient
from passlib.totp import TOTP
from werkzeug.test import TestResponse

from app.db import db
from app.models import Organiser
from tests.auth.authenticator import Authenticator
from tests.auth.test_signing_in import is_in, sign_in
from tests.concurrency.test_races import at_once
from tests.organisers.people import OWNER, PASSWORD, browser, make_organiser, organiser, signed_in

CODE = "/organise/tf-validate"
RECOVERY = "/organise/mf-recovery"


def set_up_codes(client: FlaskClient) -> str:
    """Turn on codes from an app; return the app's key. Waits if the present code is about to change."""
    while time.time() % 30 > 24:
        time.sleep(0.1)
    page = client.post("/organise/tf-setup", data={"setup": "authenticator"})
    key = re.search(r"<code[^>]*>([^<]+)</code>", page.text)
    action = re.search(r'action="(/organise/tf-setup/[^"]+)"', page.text)
    assert key
    assert action
    assert "data:" not in page.text
    assert client.post(action[1], data={"code": code(key[1], -1)}).location == "/organise/account"
    return key[1]


def code(key: str, halves_of_minutes: int = 0) -> str:
    """Return the app's present code, or the one that many half minutes later."""
    app = TOTP(key)
    return str(app.generate(app.normalize_time(None) + 30 * halves_of_minutes).token)


def give_password(app: Flask) -> FlaskClient:
    """Return a client that has given the password, and must give the second factor."""
    client = browser(app)
    assert sign_in(client).location.split("?")[0] in {CODE, "/organise/tf-select", "/organise/wan-signin"}
    assert not is_in(client)
    return client


def make_codes(client: FlaskClient) -> list[str]:
    page = client.post("/organise/mf-recovery-codes")
    return re.findall(r"<li>([0-9a-f-]{14})</li>", page.text)


def codes_left(app: Flask) -> list[str]:
    row = organiser(app)
    with app.app_context():
        return row.mf_recovery_codes


@pytest.fixture
def key(app: Flask) -> str:
    """The key in the owner's app, set up beside a password."""
    make_organiser(app, password=PASSWORD)
    return set_up_codes(signed_in(app))


def test_with_codes_the_password_alone_does_not_sign_in(app: Flask, key: str) -> None:
    client = give_password(app)
    assert client.get("/organise").location.startswith("/organise/login")
    assert "not right or has been used" in client.post(CODE, data={"code": "000000"}).text
    assert client.post(CODE, data={"code": code(key)}).location.endswith("/organise")
    assert is_in(client)


def test_a_code_works_once(app: Flask, key: str) -> None:
    now = code(key)
    give_password(app).post(CODE, data={"code": now})
    second = give_password(app)
    assert "not right or has been used" in second.post(CODE, data={"code": now}).text
    assert not is_in(second)


def test_the_code_of_the_set_up_cannot_be_used_to_sign_in(app: Flask, key: str) -> None:
    client = give_password(app)
    client.post(CODE, data={"code": code(key, -1)})
    assert not is_in(client)


def test_one_code_sent_twice_at_once_signs_in_once(app: Flask, key: str) -> None:
    clients = [give_password(app) for _ in range(2)]
    now = code(key)
    at_once(2, lambda which: clients[which].post(CODE, data={"code": now}))
    assert [is_in(client) for client in clients].count(True) == 1


def test_a_recovery_code_works_once(app: Flask, key: str) -> None:
    codes = make_codes(signed_in(app))
    assert len(codes) == 8
    client = give_password(app)
    assert client.post(RECOVERY, data={"code": f" {codes[3].upper()} "}).location == "/organise"
    assert is_in(client)
    again = give_password(app)
    assert "not one of your recovery codes" in again.post(RECOVERY, data={"code": codes[3]}).text
    assert not is_in(again)
    assert again.post(RECOVERY, data={"code": codes[4]}).location == "/organise"


def test_one_recovery_code_sent_twice_at_once_signs_in_once(app: Flask, key: str) -> None:
    one = make_codes(signed_in(app))[0]
    clients = [give_password(app) for _ in range(2)]
    at_once(2, lambda which: clients[which].post(RECOVERY, data={"code": one}))
    assert [is_in(client) for client in clients].count(True) == 1
    assert len(codes_left(app)) == 7


def test_two_recovery_codes_used_at_once_are_both_used_up(app: Flask, key: str) -> None:
    codes = make_codes(signed_in(app))
    clients = [give_password(app) for _ in range(2)]
    at_once(2, lambda which: clients[which].post(RECOVERY, data={"code": codes[which]}))
    left = codes_left(app)
    for which, client in enumerate(clients):
        assert is_in(client) == (codes[which] not in left)


def test_a_lost_second_factor_is_never_replaced_by_email(app: Flask, key: str) -> None:
    client = give_password(app)
    for wish in ("help", "email", ""):
        answer = client.post("/organise/tf-rescue", data={"help_setup": wish})
        assert "The code from your app" in answer.text
    assert not is_in(client)


def test_codes_can_be_turned_off_again(app: Flask, key: str) -> None:
    client = signed_in(app)
    assert client.post("/organise/tf-setup", data={"setup": "disable"}).location == "/organise/account"
    assert sign_in(browser(app)).location == "/organise"


def test_the_key_is_in_no_url(app: Flask) -> None:
    make_organiser(app, password=PASSWORD)
    client = signed_in(app)
    page = client.post("/organise/tf-setup", data={"setup": "authenticator"})
    key = re.search(r"<code[^>]*>([^<]+)</code>", page.text)
    action = re.search(r'action="(/organise/tf-setup/[^"]+)"', page.text)
    assert key
    assert action
    with app.test_request_context("/organise"):
        state = app.extensions["security"].tf_setup_serializer.loads(action[1].rpartition("/")[2])
    plain = key[1].replace("-", "").replace(" ", "")
    assert plain not in str(state)
    assert '"enckey"' in state["totp_secret"]
    with client.session_transaction("/organise") as session:
        assert plain not in str(dict(session))


@pytest.fixture
def passkey(app: Flask) -> Authenticator:
    """A software passkey."""
    return Authenticator(app.config["BASE_URL"])


def add(client: FlaskClient, passkey: Authenticator, usage: str = "first", name: str = "my phone") -> TestResponse:
    page = client.post("/organise/wan-register", data={"name": name, "usage": usage})
    return passkey.press(client, page)


def use(client: FlaskClient, passkey: Authenticator) -> TestResponse:
    return passkey.press(client, client.post("/organise/wan-signin"))


def test_a_passkey_alone_signs_in(app: Flask, passkey: Authenticator) -> None:
    add(signed_in(app), passkey)
    client = browser(app)
    assert use(client, passkey).location == "/organise"
    assert is_in(client)


def test_a_passkeys_answer_works_for_its_challenge_only(app: Flask, passkey: Authenticator) -> None:
    add(signed_in(app), passkey)
    stranger = Authenticator(app.config["BASE_URL"], id=passkey.id, user=passkey.user)
    other_site = Authenticator("https://evil.example", id=passkey.id, key=passkey.key, user=passkey.user)
    for false in (stranger, other_site):
        client = browser(app)
        assert use(client, false).location == "/organise/wan-signin"
        assert not is_in(client)


def test_a_passkey_without_user_verification_is_not_enough_alone(app: Flask, passkey: Authenticator) -> None:
    add(signed_in(app), passkey)
    passkey.verifies = False
    client = browser(app)
    assert use(client, passkey).location == "/organise/wan-signin"
    assert not is_in(client)


def test_a_passkey_as_second_factor_cannot_be_the_first(app: Flask, passkey: Authenticator) -> None:
    make_organiser(app, password=PASSWORD)
    passkey.verifies = False
    add(signed_in(app), passkey, "secondary")
    alone = browser(app)
    use(alone, passkey)
    assert not is_in(alone)
    client = give_password(app)
    assert use(client, passkey).location == "/organise"
    assert is_in(client)


def test_with_codes_and_passkey_the_second_factor_can_be_chosen(app: Flask, key: str, passkey: Authenticator) -> None:
    add(signed_in(app), passkey, "secondary")
    client = give_password(app)
    page = client.get("/organise/tf-select")
    assert "With a passkey" in page.text
    assert "With a code from my app" in page.text
    chosen = client.post("/organise/tf-select", data={"which": "authenticator"})
    assert chosen.location.startswith(CODE)
    assert client.post(CODE, data={"code": code(key)}).status_code == 302
    assert is_in(client)


def test_a_fresh_sign_in_by_passkey_needs_the_organisers_own(app: Flask, passkey: Authenticator) -> None:
    add(signed_in(app), passkey)
    other = Authenticator(app.config["BASE_URL"])
    add(signed_in(app, "other@example.org"), other)
    client = signed_in(app, minutes_ago=20)
    where = "/organise/wan-verify?next=/organise/people"
    assert other.press(client, client.post(where)).location == "/organise/wan-verify"
    assert client.get("/organise/mf-recovery-codes").status_code == 302
    assert passkey.press(client, client.post(where)).location == "/organise/people"
    assert client.get("/organise/mf-recovery-codes").status_code == 200


def test_a_removed_passkey_cannot_sign_in(app: Flask, passkey: Authenticator) -> None:
    client = signed_in(app)
    add(client, passkey)
    assert "my phone" in client.get("/organise/wan-register").text
    client.post("/organise/wan-delete", data={"name": "my phone"})
    assert "no longer opens" in client.get("/organise/wan-register").text
    nobody = browser(app)
    use(nobody, passkey)
    assert not is_in(nobody)


def test_a_passkeys_name_is_required_and_unique(app: Flask, passkey: Authenticator) -> None:
    client = signed_in(app)
    add(client, passkey)
    again = client.post("/organise/wan-register", data={"name": "my phone", "usage": "first"})
    assert "You have a passkey that is called “my phone” already." in again.text
    none = client.post("/organise/wan-register", data={"name": "", "usage": "first"})
    assert "Please give the passkey a name." in none.text


def test_signing_in_with_a_passkey_needs_no_address(app: Flask) -> None:
    page = browser(app).post("/organise/wan-signin", data={"identity": OWNER})
    assert "&#34;allowCredentials&#34;: []" in page.text


def test_secrets_of_accounts_are_sealed_in_the_database(app: Flask, key: str) -> None:
    codes = make_codes(signed_in(app))
    row = organiser(app)
    with app.app_context():
        row = db.session.get_one(Organiser, row.id)
        for sealed in (row.sealed_totp, row.sealed_recovery_codes, row.sealed_email):
            assert sealed
            for plain in (key.replace("-", ""), codes[0], OWNER):
                assert plain.encode() not in sealed
        assert row.mf_recovery_codes == codes
