"""Signing in: Flask-Security in this site's look and words, its letters in our outbox, below /organise alone."""

from typing import Any

from flask import Flask
from flask_security import EmailValidateException, MailUtil, Security
from flask_security.utils import get_message

from app import clock
from app.auth import guard, password_reset
from app.auth.factors import AuthenticatorCodes, Passkeys, datastore
from app.auth.forms import FORMS
from app.auth.messages import MESSAGES
from app.auth.settings import SETTINGS
from app.crypto import tokens
from app.db import db
from app.email.address import NotAnAddress, deliverable
from app.models import Organiser
from app.organisers.access import may
from app.organisers.letter import queue_rendered_letter
from app.web import session
from app.web.absolute_url import absolute_url


class OutboxMailUtil(MailUtil):  # type: ignore[misc]
    """Puts Flask-Security's letters into our outbox, in our words and the organiser's language."""

    def normalize(self, email: str) -> str:
        """Return an address as mail servers take it; raise EmailValidateException for what is none."""
        try:
            return deliverable(email.strip())
        except NotAnAddress:
            raise EmailValidateException(get_message("INVALID_EMAIL_ADDRESS")[0]) from None

    validate = normalize  # the library's own asks the name servers about the domain, while somebody waits

    def send_mail(self, template: str, *rendered: object, user: Organiser, **words: Any) -> None:
        """Queue the letter of that name in the transaction of what causes it."""
        queue_rendered_letter(db.session(), user, template, clock.now(), link=absolute_url("security.forgot_password"))
        db.session.commit()


def init_app(app: Flask) -> None:
    """Set signing in up, below /organise alone."""
    app.config.update({f"SECURITY_{name}": value for name, value in SETTINGS.items()})
    app.config.update({f"SECURITY_MSG_{name}": message for name, message in MESSAGES.items()})
    with app.app_context():
        app.config["SECURITY_TOTP_SECRETS"] = {"1": tokens.keyed_hash("totp-on-its-way", "").hex()}
    # What apps for codes and keepers of passkeys show beside an organiser's address.
    app.config.update(SECURITY_TOTP_ISSUER=app.config["SITE_NAME"], SECURITY_WAN_RP_NAME=app.config["SITE_NAME"])
    app.config.update(session.settings(app.config["BASE_URL"]))
    app.config.update(WTF_CSRF_CHECK_DEFAULT=False, WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_SSL_STRICT=False)
    app.session_interface = session.OrganisersSession()
    app.jinja_env.globals.update(may=may)
    security = Security(
        app,
        datastore,
        **FORMS,
        mail_util_cls=OutboxMailUtil,
        totp_cls=AuthenticatorCodes,
        webauthn_util_cls=Passkeys,
    )
    security.login_manager.request_loader(None)  # the cookie alone opens these pages, no token in an address or header
    security.principal.identity_loaders.clear()  # its own roles, of which we use none, would be looked up on every page
    security.want_json(lambda request: False)  # pages alone: a second interface would have to be guarded as well
    security.unauthn_handler(lambda mechanisms, headers=None: guard.to_sign_in("security.login"))
    security.reauthn_handler(lambda within, grace: guard.to_sign_in("security.verify"))
    app.view_functions["security.forgot_password"] = password_reset.forgot_password
    guard.init_app(app)
