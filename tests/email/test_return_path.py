"""Return paths: one for each e-mail, which nobody can make or read without the site's keys."""

import os
import re
from pathlib import Path

import pytest
from flask import Flask

from app.crypto.tokens import BadToken
from app.email.return_path import make_return_token, read_return_token, return_path, tokens_in
from tests.apps import SECRETS, make_app, without_database

PUBLIC_ID = bytes(range(16))


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return without_database(make_app(tmp_path, "sqlite:///unused.db", BOUNCE_DOMAIN="bounces.petitions.example"))


def test_it_holds_the_id_encrypted_and_survives_lower_case(app: Flask) -> None:
    with app.app_context():
        address = return_path(PUBLIC_ID)
        assert address
        assert re.fullmatch(r"bounce\+[a-z2-7]{52}@bounces\.petitions\.example", address)
        assert len(address.partition("@")[0]) <= 64, "RFC 5321, 4.5.3.1.1"
        (token,) = tokens_in(address.upper())
        assert read_return_token(token) == PUBLIC_ID
        assert return_path(PUBLIC_ID) == address
        assert return_path(os.urandom(16)) != address
        assert PUBLIC_ID.hex() not in address


def test_without_a_domain_there_is_none(app: Flask) -> None:
    app.config["BOUNCE_DOMAIN"] = None
    with app.app_context():
        assert return_path(PUBLIC_ID) is None


def test_one_that_another_site_made_or_somebody_altered_is_not_read(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        token = make_return_token(PUBLIC_ID)
        spare = {token[:-1] + last for last in "abcdefghijklmnopqrstuvwxyz234567"} - {token}
        for other in spare:
            with pytest.raises(BadToken):
                read_return_token(other)
        altered = ("a" if token[0] != "a" else "b") + token[1:]
        for other in (altered, "a" * 52, token[:-1], "", "é" * 52, token.replace(token[5], "1"), token.upper()):
            with pytest.raises(BadToken):
                read_return_token(other)
    elsewhere = without_database(
        make_app(tmp_path, "sqlite:///unused.db", SECRET_KEY="another-secret-0123456789-abcdefghij")
    )
    with elsewhere.app_context(), pytest.raises(BadToken):
        read_return_token(token)


def test_one_made_before_the_secret_key_was_changed_is_read(app: Flask) -> None:
    with app.app_context():
        token = make_return_token(PUBLIC_ID)
        app.config["SECRET_KEY_FALLBACKS"] = [SECRETS["SECRET_KEY"]]
        app.config["SECRET_KEY"] = "another-secret-0123456789-abcdefghij"
        assert read_return_token(token) == PUBLIC_ID


def test_tokens_are_found_in_a_text(app: Flask) -> None:
    token = "a2" * 26
    for text in (
        f"<bounce+{token}@x.example>",
        f"SRS0=x=y=x.example=bounce+{token.upper()}@f.example",
        f"bounce+{token}",
    ):
        assert list(tokens_in(text)) == [token]
    for text in (f"bounce+{token}a@x", f"bounce+{token[1:]}@x", f"bounce-{token}@x", ""):
        assert not list(tokens_in(text))
