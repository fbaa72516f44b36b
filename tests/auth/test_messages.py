"""Flask-Security's messages are in this site's words and languages."""

import ast
import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from flask import Flask

import config
from app.auth.messages import MESSAGES
from tests.conftest import make_app
from tests.organisers.people import browser

SHOWN = [
    "changeable",
    "decorators",
    "forms",
    "password_util",
    "recoverable",
    "recovery_codes",
    "tf_plugin",
    "twofactor",
    "utils",
    "views",
    "webauthn",
    "webauthn_util",
]
# Our settings never reach the code with these.
NEVER_SAID = re.compile(
    "ALREADY_CONFIRMED|ANONYMOUS_USER_REQUIRED|CHANGE_EMAIL.*|CONFIRM.*|EMAIL_(ALREADY|CONFIRMED).*|IDENTITY_.*|"
    "INVALID_(CONFIRMATION|LOGIN)_TOKEN|LOGIN_.*|PASSWORDLESS.*|PASSWORD_(BREACHED|TOO_SIMPLE|RESET$|MISMATCH).*|"
    "PHONE_INVALID|REAUTHENTICATION_REQUIRED|REFRESH.*|UNAUTH.*|USERNAME.*|USE_CODE|US_.*|GENERIC_(US|RECOVERY).*|"
    "FAILED_TO_SEND_CODE"
)


def keys_in(name: str) -> Iterator[str]:
    """Yield the message keys in this module of Flask-Security."""
    for node in ast.walk(ast.parse(inspect.getsource(import_module(f"flask_security.{name}")))):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and re.fullmatch(r"[A-Z]+(_[A-Z]+)+", node.value)
        ):
            yield node.value


@pytest.fixture
def app_without_data(tmp_path: Path) -> Flask:
    """The app without a database."""
    return make_app(tmp_path, f"sqlite:///{tmp_path}/none.db")


def test_every_possible_message_is_replaced(app_without_data: Flask) -> None:
    known = {name.removeprefix("SECURITY_MSG_") for name in app_without_data.config if name.startswith("SECURITY_MSG_")}
    named = {key for name in SHOWN for key in keys_in(name)} & known
    assert len(named) > 40
    assert sorted(key for key in named - MESSAGES.keys() if not NEVER_SAID.fullmatch(key)) == []
    assert MESSAGES.keys() <= known


def test_messages_are_translated_by_our_catalogue(app_without_data: Flask) -> None:
    domain = app_without_data.extensions["security"].i18n_domain
    assert domain.domain == ["messages"]
    assert [Path(folder) for folder in domain.translation_directories] == [config.ROOT / "translations"]


def test_an_error_is_in_our_words(app: Flask) -> None:
    page = browser(app).post("/organise/login", data={"email": "x@example.org", "password": "x"}).text
    assert "This address and this password do not belong together." in page
