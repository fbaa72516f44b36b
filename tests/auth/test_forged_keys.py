"""With SECRET_KEY, or with it and a dump of the database, nobody makes a cookie or link that opens anything."""

import hashlib

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_login.utils import encode_cookie
from flask_security.recoverable import generate_reset_password_token
from itsdangerous import URLSafeTimedSerializer

from app.crypto import tokens
from tests.auth.test_signing_in import is_in
from tests.organisers.people import OWNER, PASSWORD, browser, make_organiser, organiser, signed_in

pytestmark = pytest.mark.both_databases


def forged(app: Flask, salt: str, content: object) -> str:
    """Sign as Flask's extensions do where SECRET_KEY is all that they have."""
    return str(URLSafeTimedSerializer(app.config["SECRET_KEY"], salt=salt).dumps(content))


def test_a_reset_link_made_with_the_secret_key_opens_nothing(app: Flask) -> None:
    make_organiser(app, password=PASSWORD)
    token = forged(app, app.config["SECURITY_RESET_SALT"], organiser(app).fs_uniquifier)
    client = browser(app)
    answer = client.post(
        f"/organise/reset/{token}", data={"password": "forged-1234567", "password_confirm": "forged-1234567"}
    )
    assert "/organise/reset" in answer.location
    client.post("/organise/login", data={"email": OWNER, "password": "forged-1234567"})
    assert not is_in(client)


def test_a_reset_link_of_the_site_opens(app: Flask) -> None:
    make_organiser(app, password=PASSWORD)
    with app.test_request_context("/organise"):
        token = generate_reset_password_token(organiser(app))
    assert browser(app).get(f"/organise/reset/{token}").status_code == 200


def with_cookie(app: Flask, name: str, value: str) -> FlaskClient:
    client = app.test_client()
    client.set_cookie(name, value)
    return client


def test_a_session_made_with_the_secret_key_is_none(app: Flask) -> None:
    client = signed_in(app)
    with client.session_transaction("/organise") as session:
        content = dict(session)
    options = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    for salt in ("cookie-session", "session"):
        made = URLSafeTimedSerializer(app.config["SECRET_KEY"], salt=salt, signer_kwargs=options).dumps(content)
        assert not is_in(with_cookie(app, "organiser", str(made)))
    assert is_in(client)


def test_a_remember_cookie_made_with_the_secret_key_signs_nobody_in(app: Flask) -> None:
    signed_in(app)
    with app.test_request_context("/organise"):
        made = encode_cookie(organiser(app).fs_uniquifier, app.config["SECRET_KEY"])
    assert not is_in(with_cookie(app, "remember_token", made))


def test_flask_and_every_serializer_use_derived_keys(app: Flask) -> None:
    with app.app_context():
        assert app.secret_key == tokens.derived_keys("flask")[0]
        security = app.extensions["security"]
        serializers = [one for one in vars(security).values() if isinstance(one, URLSafeTimedSerializer)]
        assert serializers
        for one in serializers:
            assert app.config["SECRET_KEY"].encode() not in one.secret_keys
            assert len(one.secret_keys) == 1
