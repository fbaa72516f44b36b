"""The session: a signed cookie for organisers. Outside /organise no cookie is set or read."""

import hashlib
from contextlib import suppress
from datetime import timedelta
from typing import Any

from flask import Flask, Request, Response, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy.exc import SQLAlchemyError

from app.crypto import tokens

ORGANISERS_PATH = "/organise"
LIFETIME = timedelta(hours=12)


SIGNER = {"key_derivation": "hmac", "digest_method": hashlib.sha256}


class DerivedSerializer(URLSafeTimedSerializer):
    """A serializer of itsdangerous whose keys are derived for `purpose` when it is used, as the database is needed."""

    def __init__(self, purpose: str, **options: Any) -> None:
        self._purpose = purpose
        super().__init__(b"", **options)

    @property
    def secret_keys(self) -> list[bytes]:
        """The keys, the newest last, as itsdangerous wants them."""
        return tokens.derived_keys(self._purpose)[::-1]

    @secret_keys.setter
    def secret_keys(self, keys: list[bytes]) -> None:
        """Leave out the key that itsdangerous is given when it is made."""


def is_for_organisers(path: str) -> bool:
    """Tell whether `path`, with or without its query, is below /organise."""
    return path.partition("?")[0] == ORGANISERS_PATH or path.startswith(f"{ORGANISERS_PATH}/")


class OrganisersSession(SecureCookieSessionInterface):
    """Flask's own signed-cookie session, only below /organise."""

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer:
        """Return what signs cookies and reads signed ones, also those of an earlier SECRET_KEY."""
        return DerivedSerializer("session", salt=self.salt, serializer=self.serializer, signer_kwargs=SIGNER)

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session in the request's cookie; outside /organise an empty one that is never saved."""
        if not is_for_organisers(request.path):
            return self.session_class()
        try:
            return super().open_session(app, request)
        except SQLAlchemyError:  # the keys are in the database, which is away: the page will say so
            return self.session_class()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Set the cookie if the session changed, below /organise."""
        if is_for_organisers(request.path):
            with suppress(SQLAlchemyError):
                super().save_session(app, session, response)


def settings(base_url: str) -> dict[str, Any]:
    """Return Flask's settings of the cookie (RFC 6265bis): bound to this host wherever the site has a certificate."""
    secure = base_url.startswith("https:")
    return {
        "SESSION_COOKIE_NAME": "__Host-organiser" if secure else "organiser",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/",  # required by __Host-
        "PERMANENT_SESSION_LIFETIME": LIFETIME,
    }
