"""Signing in: Flask-Security in this site's look and words, its letters in our outbox, below /organise alone."""

from typing import Any
from urllib.parse import urlsplit

from flask import Flask, abort, redirect, request, url_for
from flask_babel import gettext as _
from flask_security import EmailValidateException, MailUtil, Security, current_user
from flask_security.utils import get_message
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError
from werkzeug import Response

from app import clock, tokens
from app.db import WRITES, db, transaction
from app.email_address import NotAnAddress, deliverable
from app.models import Organiser
from app.organisers.access import Who, may
from app.organisers.factors import CodesOfApps, Passkeys, datastore
from app.organisers.forms import LONGEST_PASSWORD
from app.organisers.letter import post_in_words
from app.organisers.settings import RESET_WITHIN, SETTINGS
from app.organisers.sign_in_forms import FORMS
from app.organisers.sign_in_words import MESSAGES
from app.web import language, session
from app.web.link import link
from app.web.origin import READING

csrf = CSRFProtect()

# Whom each of Flask-Security's pages is open to, enforced before it runs.
OPEN_TO = {
    "security.login": Who.EVERYBODY,
    "security.logout": Who.EVERYBODY,
    "security.forgot_password": Who.EVERYBODY,
    "security.reset_password": Who.EVERYBODY,
    "security.wan_signin": Who.EVERYBODY,
    "security.wan_signin_response": Who.EVERYBODY,
    "security.tf_select": Who.HALF_SIGNED_IN,
    "security.two_factor_token_validation": Who.HALF_SIGNED_IN,
    "security.two_factor_rescue": Who.HALF_SIGNED_IN,
    "security.mf_recovery": Who.HALF_SIGNED_IN,
    "security.verify": Who.ORGANISERS,
    "security.wan_verify": Who.ORGANISERS,
    "security.wan_verify_response": Who.ORGANISERS,
    "security.change_password": Who.ORGANISERS,
    "security.two_factor_setup": Who.ORGANISERS,
    "security.two_factor_setup_validate": Who.ORGANISERS,
    "security.mf_recovery_codes": Who.ORGANISERS,
    "security.wan_register": Who.ORGANISERS,
    "security.wan_register_response": Who.ORGANISERS,
    "security.wan_delete": Who.ORGANISERS,
}
# These look at a password for long, by design, and write nothing: they must not hold up SQLite's one writer.
WRITE_NOTHING = {"security.login", "security.verify", "security.forgot_password"}


class Letters(MailUtil):  # type: ignore[misc]
    """Puts Flask-Security's letters into our outbox, in our words and the organiser's language."""

    def normalize(self, email: str) -> str:
        """Return an address as mail servers take it; raise EmailValidateException for what is none."""
        try:
            return deliverable(email.strip())
        except NotAnAddress:
            raise EmailValidateException(get_message("INVALID_EMAIL_ADDRESS")[0]) from None

    validate = normalize  # the library's own asks the name servers about the domain, while somebody waits

    def send_mail(self, template: str, *rendered: object, user: Organiser, **words: Any) -> None:
        """Queue the letter of that name in the transaction of what causes it. Strangers can cause one kind."""
        now = clock.now()
        if template == SETTINGS["EMAIL_TEMPLATE_PASSWORD_RESET"]:
            where = link("security.reset_password", token=words["reset_token"])
            # In a transaction of its own: whoever asks has written nothing, and hashing must hold up no writer.
            with transaction() as session:
                post_in_words(session, user, template, now, by_stranger=True, link=where, until=now + RESET_WITHIN)
            return
        post_in_words(db.session(), user, template, now, link=link("security.forgot_password"))
        db.session.commit()


def init_app(app: Flask) -> None:
    """Set signing in up, below /organise alone."""
    app.config.update({f"SECURITY_{name}": value for name, value in SETTINGS.items()})
    app.config.update({f"SECURITY_MSG_{name}": message for name, message in MESSAGES.items()})
    with app.app_context():
        app.config["SECURITY_TOTP_SECRETS"] = {"1": tokens.keyed_hash("totp-on-its-way", "").hex()}
    app.config.update(session.settings(app.config["BASE_URL"]))
    app.config.update(WTF_CSRF_CHECK_DEFAULT=False, WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_SSL_STRICT=False)
    app.session_interface = session.OrganisersSession()
    csrf.init_app(app)
    app.before_request(_begin)
    app.jinja_env.globals.update(may=may)
    security = Security(
        app,
        datastore,
        **FORMS,
        mail_util_cls=Letters,
        totp_cls=CodesOfApps,
        webauthn_util_cls=Passkeys,
    )
    security.login_manager.request_loader(None)  # the cookie alone opens these pages, no token in an address or header
    security.principal.identity_loaders.clear()  # its own roles, of which we use none, would be looked up on every page
    security.want_json(lambda request: False)  # pages alone: a second interface would have to be guarded as well
    security.unauthn_handler(lambda mechanisms, headers=None: _to_sign_in("security.login"))
    security.reauthn_handler(lambda within, grace: _to_sign_in("security.verify"))


def _begin() -> Response | None:
    """Before a page of organisers: speak their language, refuse what no page of theirs sent, hold to OPEN_TO."""
    if not session.is_for_organisers(request.path):
        return None
    is_in = current_user.is_authenticated
    accepted = request.accept_languages.best_match(language.INTERFACE, language.DEFAULT)
    language.speak(current_user.language if is_in else accepted)
    if request.method not in READING:
        if request.is_json:
            abort(415)  # a second way to fill in the forms would have to be guarded as well
        _refuse_forged()
    if request.blueprint != "security":
        return None
    if any(len(typed) > LONGEST_PASSWORD for name, typed in request.form.items() if "password" in name):
        abort(413)  # the hash takes no more either, and the library does not ask
    who = OPEN_TO.get(request.endpoint or "")
    if who is None:
        abort(404)
    if who == Who.ORGANISERS and not is_in:
        return _to_sign_in("security.login")
    if who == Who.HALF_SIGNED_IN and is_in:
        return redirect(url_for("organisers.home"))
    if request.method not in READING and request.endpoint not in WRITE_NOTHING:
        db.session.rollback()  # the library writes through this session: as the one writer, on SQLite
        db.session.connection(execution_options={WRITES: True})
    return None


def _refuse_forged() -> None:
    try:
        csrf.protect()
    except CSRFError:
        abort(400, _("This page had been open for too long. Please go back, reload it, and send it again."))


def _to_sign_in(endpoint: str) -> Response:
    """Send somebody to sign in, and then back to the page that they came for, or that they sent a form from."""
    here = request.full_path.rstrip("?") if request.method in READING else urlsplit(request.referrer or "").path
    return redirect(url_for(endpoint, next=here if session.is_for_organisers(here) else url_for("organisers.home")))
