"""Countersign: people sign, countersign by e-mail, and only confirmed signatures count."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Flask
from flask_migrate import Migrate
from sqlalchemy.engine import make_url
from werkzeug.middleware.proxy_fix import ProxyFix

import config
from app import cli, counters, logs
from app.auth import sign_in
from app.branding import site_files
from app.branding.views import bp as branding
from app.confirmation.views import bp as confirmation
from app.crypto import tokens
from app.db import db
from app.doctor.views import bp as probe
from app.email import smtp, traffic_shaping
from app.export.log_views import bp as log_file
from app.export.trial_views import bp as trial
from app.export.views import bp as export
from app.mailbox.views import bp as mailbox
from app.models.site import load_token_secret
from app.moderation.domain_views import bp as domains
from app.moderation.views import bp as moderation
from app.monitoring.views import bp as monitoring
from app.notices.views import bp as notices
from app.organisers.people_views import bp as people
from app.organisers.petition_views import bp as members
from app.organisers.views import bp as organisers
from app.outbox import take_turns
from app.pages.views import bp as pages
from app.pages.well_known import bp as well_known
from app.publishing.delete_views import bp as deleting
from app.publishing.edit_views import bp as editing
from app.publishing.image_views import bp as image
from app.publishing.opening_views import bp as opening
from app.publishing.views import bp as publishing
from app.sharing.views import bp as sharing
from app.signers.refusing_views import bp as refusing
from app.signers.views import bp as signers
from app.signing.views import bp as signing
from app.updates.public_views import bp as public_news
from app.updates.sending_views import bp as sending_news
from app.updates.views import bp as updates
from app.watching.views import bp as watching
from app.web import body_size, converters, csrf, errors, headers, rate_limits, request_log, static, template_filters
from app.web.form import Request
from app.web.language import babel, select_locale

BLUEPRINTS = (
    pages,
    well_known,
    signing,
    confirmation,
    signers,
    refusing,
    sharing,
    organisers,
    people,
    members,
    watching,
    moderation,
    domains,
    publishing,
    opening,
    deleting,
    editing,
    image,
    export,
    trial,
    log_file,
    updates,
    notices,
    sending_news,
    public_news,
    mailbox,
    branding,
    monitoring,
    probe,
)


class App(Flask):
    """Flask, whose `secret_key` is made of SECRET_KEY and the site's secret like all other keys."""

    @property
    def secret_key(self) -> bytes:  # type: ignore[override]
        """The key with which Flask and its extensions sign."""
        return tokens.derived_keys("flask")[0]


def create_app(overrides: Mapping[str, Any] | None = None) -> Flask:
    """Return the app, configured from the environment and then from `overrides` (tests use those).

    Raises config.ConfigError when the environment asks for something unsafe.
    """
    app = App(__name__, template_folder="../templates", static_folder="../static")
    app.config.update(overrides or config.load())
    tokens.init_app(app, load_token_secret)
    counters.init_app(app)
    _configure_logging(app)
    _configure_proxies(app)
    _configure_database(app)
    _configure_language(app)
    smtp.init_app(app)
    _configure_traffic_shaping(app)
    _configure_pages(app)
    sign_in.init_app(app)
    cli.init_app(app)
    return app


def _configure_logging(app: Flask) -> None:
    # On this machine alone a line for each request would only drown what is said to whoever started the site.
    logs.init(logging.INFO if app.config["PREFERRED_URL_SCHEME"] == "https" else logging.WARNING)


def _configure_proxies(app: Flask) -> None:
    trusted = app.config["TRUSTED_PROXIES"]
    if trusted:
        app.wsgi_app = ProxyFix(app.wsgi_app, trusted, trusted, trusted)  # type: ignore[method-assign]
    request_log.init_app(app)


def _configure_database(app: Flask) -> None:
    url = make_url(app.config["SQLALCHEMY_DATABASE_URI"])
    # Without hide_parameters an error's text, and so a log, would hold what a signer typed.
    options: dict[str, Any] = {
        "pool_size": 20,
        "max_overflow": 30,
        "pool_timeout": 10,
        "hide_parameters": True,
    }
    if url.get_backend_name() == "postgresql":
        options |= {
            # A page's reads need no transaction around each: its BEGIN and ROLLBACK cost as much as the reads.
            "isolation_level": "AUTOCOMMIT",
            "connect_args": {"connect_timeout": 5, "options": "-c timezone=UTC"},
        }
    app.config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", options)
    db.init_app(app)
    Migrate(app, db, directory=config.ROOT / "migrations", render_as_batch=True)


def _configure_language(app: Flask) -> None:
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", str(config.ROOT / "translations"))
    babel.init_app(app, locale_selector=select_locale)


def _configure_traffic_shaping(app: Flask) -> None:
    try:
        table = traffic_shaping.load(app.config["SITE_DIR"])
    except traffic_shaping.BadTable as error:
        raise config.ConfigError(str(error)) from error
    # The catcher of `make run` takes as much as comes, and no resolver is to be asked for its recipients' domains.
    take_turns.init_app(app, replace(table, is_on=False) if app.config["MAILBOX_DIR"] else table)


def _configure_pages(app: Flask) -> None:
    app.request_class = Request
    converters.init_app(app)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    template_filters.init_app(app)
    site_files.init_app(app)
    errors.init_app(app)
    headers.init_app(app)
    body_size.init_app(app)
    static.init_app(app)
    csrf.init_app(app)
    rate_limits.init_app(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
