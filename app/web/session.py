"""The session: a signed cookie for organisers. Outside /organise no cookie is set or read."""

from datetime import timedelta
from typing import Any

from flask import Flask, Request, Response, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin

ORGANISERS_PATH = "/organise"
LIFETIME = timedelta(hours=12)


def is_for_organisers(path: str) -> bool:
    """Tell whether `path`, with or without its query, is below /organise."""
    return path.partition("?")[0] == ORGANISERS_PATH or path.startswith(f"{ORGANISERS_PATH}/")


class OrganisersSession(SecureCookieSessionInterface):
    """Flask's own signed-cookie session, only below /organise."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session in the request's cookie; outside /organise an empty one that is never saved."""
        if not is_for_organisers(request.path):
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Set the cookie if the session changed, below /organise."""
        if is_for_organisers(request.path):
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
