"""The session: a signed cookie for organisers alone. Elsewhere no cookie is set, and none is read."""

from datetime import timedelta
from typing import Any

from flask import Flask, Request, Response, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin

ORGANISERS_PATH = "/organise"
LIFETIME = timedelta(hours=12)


def is_for_organisers(path: str) -> bool:
    """Tell whether a page at `path`, with or without its query, is one of the organisers'."""
    return path.partition("?")[0] == ORGANISERS_PATH or path.startswith(f"{ORGANISERS_PATH}/")


class OrganisersSession(SecureCookieSessionInterface):
    """Flask's own signed-cookie session, which exists below /organise and nowhere else."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session in the request's cookie; an empty one that is never kept outside /organise."""
        if not is_for_organisers(request.path):
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Set the cookie where the session changed, below /organise."""
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
        "SESSION_COOKIE_PATH": "/",  # which __Host- asks for
        "PERMANENT_SESSION_LIFETIME": LIFETIME,
    }
