"""Apps for tests: one for each database of a worker of the suite, given back as it was; others by `make_app`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from flask import Flask

import config
from app import counters, create_app
from app.crypto import tokens
from app.db import db
from app.email import traffic_shaping
from app.outbox import take_turns
from app.web.rate_limits import EXTENSION as RATE_LIMITER

SECRETS = {
    "SECRET_KEY": "a-secret-for-tests-only-0123456789-xyzw",
    "DATA_KEYS": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
}
# What makes a hash dear to a thief makes it dear to each test that signs somebody in, and shows nothing.
CHEAP_PASSWORDS = {
    "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": {"argon2__rounds": 1, "argon2__memory_cost": 8, "argon2__parallelism": 1}
}


def make_app(folder: Path, database_url: str, mail_port: int = 1, **overrides: object) -> Flask:
    """Return an app of a test's own, with `overrides` of its configuration, whose e-mails leave as fast as they can."""
    env = {**SECRETS, "DATABASE_URL": database_url, "MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(mail_port)}
    app = create_app({**config.load(env, instance=folder), **CHEAP_PASSWORDS, **overrides})
    take_turns.init_app(app, replace(traffic_shaping.load(None), is_on=False))
    return app


def without_database(app: Flask) -> Flask:
    """Give an app without a database the secret that it would have there, so that it has keys; return the app."""
    app.extensions[tokens.EXTENSION] = lambda: bytes(range(32))
    return app


@contextmanager
def lent(app: Flask) -> Iterator[Flask]:
    """Give an app that others have used and will use; what a test does to its configuration is undone after it."""
    config_before, wsgi_before, views_before = dict(app.config), app.wsgi_app, dict(app.view_functions)
    mail_before = dict(vars(app.extensions["mail"]))  # Flask-Mail's copy of its configuration
    app.extensions[RATE_LIMITER].memory.reset()
    vars(counters.of(app)).update(vars(counters.Counters()))
    try:
        yield app
    finally:
        app.config.clear()
        app.config.update(config_before)
        app.wsgi_app = wsgi_before  # type: ignore[method-assign]
        app.view_functions = views_before
        vars(app.extensions["mail"]).update(mail_before)
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
