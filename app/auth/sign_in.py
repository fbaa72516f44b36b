"""Set-up of Flask-Security: this site's forms and messages, e-mails by the outbox, only below /organise."""

from typing import Any

from flask import Flask
from flask_security import EmailValidateException, MailUtil, Security
from flask_security.utils import get_message
from itsdangerous import URLSafeTimedSerializer

from app import clock
from app.auth import guard, password_reset
from app.auth.factors import AuthenticatorCodes, Passkeys, PasskeyStep, datastore
from app.auth.forms import FORMS
from app.auth.hashing import LimitedHashing
from app.auth.messages import MESSAGES
from app.auth.passwords import Passwords
from app.auth.settings import SETTINGS
from app.db import db
from app.email.address import NotAnAddress, deliverable
from app.models import Organiser
from app.organisers.access import may
from app.organisers.letter import queue_rendered_letter
from app.web import session
from app.web.absolute_url import absolute_url
from app.web.address_field import tidy_address


class OutboxMailUtil(MailUtil):  # type: ignore[misc]
    """Queues Flask-Security's e-mails in the outbox, from our templates and in the organiser's language."""

    def normalize(self, email: str) -> str:
        """Return an address in the form that mail servers take; raise EmailValidateException if it is invalid."""
        try:
            return deliverable(tidy_address(email))
        except NotAnAddress:
            raise EmailValidateException(get_message("INVALID_EMAIL_ADDRESS")[0]) from None

    validate = normalize  # Flask-Security's own waits for a DNS query

    def send_mail(self, template: str, *rendered: object, user: Organiser, **words: Any) -> None:
        """Queue the letter `template` in the transaction that causes it."""
        queue_rendered_letter(db.session(), user, template, clock.now(), link=absolute_url("security.forgot_password"))
        db.session.commit()


def init_app(app: Flask) -> None:
    """Set up signing in, only below /organise."""
    app.config.update({f"SECURITY_{name}": value for name, value in SETTINGS.items()})
    app.config.update({f"SECURITY_MSG_{name}": message for name, message in MESSAGES.items()})
    app.config["SECURITY_TOTP_SECRETS"] = {"1": "see AuthenticatorCodes"}
    # Authenticator apps and passkey managers show this beside the organiser's address.
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
        password_util_cls=Passwords,
        totp_cls=AuthenticatorCodes,
        webauthn_util_cls=Passkeys,
    )
    security.two_factor_plugins.register_tf_impl(app, "webauthn", PasskeyStep)
    for name, serializer in list(vars(security).items()):
        if isinstance(serializer, URLSafeTimedSerializer):  # for links and what passes through the browser
            setattr(security, name, session.DerivedSerializer(f"security {name}", salt=serializer.salt))
    security.pwd_context = LimitedHashing(security.pwd_context)
    security.login_manager.request_loader(None)  # only the cookie signs in, no token in a URL or header
    security.principal.identity_loaders.clear()  # Flask-Security's roles are not used, and would cost a query per page
    security.want_json(lambda request: False)  # HTML only: JSON would be a second interface to guard
    security.unauthn_handler(lambda mechanisms, headers=None: guard.to_sign_in("security.login"))
    security.reauthn_handler(lambda within, grace: guard.to_sign_in("security.verify"))
    app.view_functions["security.forgot_password"] = password_reset.forgot_password
    guard.init_app(app)
