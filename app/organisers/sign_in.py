"""Signing in: Flask-Security set up as this site wants it, its accounts sealed and its letters in our outbox."""

from datetime import timedelta
from typing import Any

from flask import Flask, abort, redirect, request, url_for
from flask_babel import lazy_gettext as _
from flask_security import (
    LoginForm,
    MailUtil,
    Security,
    SQLAlchemyUserDatastore,
    Totp,
    current_user,
)
from flask_wtf import CSRFProtect
from sqlalchemy import update
from werkzeug import Response

from app import clock
from app.db import WRITES, db
from app.email_address import NotAnAddress, deliverable
from app.models import Organiser, Passkey
from app.organisers import accounts
from app.organisers.access import FRESH_MINUTES, GRACE_MINUTES, may
from app.organisers.forms import SHORTEST_PASSWORD
from app.organisers.letter import post
from app.web import language, session
from app.web.origin import READING

csrf = CSRFProtect()

SETTINGS = {
    "URL_PREFIX": session.PLACE,
    "STATIC_FOLDER": None,
    "JOIN_USER_ROLES": False,  # there are none of its kind
    "CLI_USERS_NAME": None,
    "CLI_ROLES_NAME": None,
    "PASSWORD_HASH": "argon2",
    "PASSWORD_SCHEMES": ["argon2"],
    "PASSWORD_SINGLE_HASH": {"argon2"},
    "PASSWORD_LENGTH_MIN": SHORTEST_PASSWORD,
    "RETURN_GENERIC_RESPONSES": True,
    "RECOVERABLE": True,
    "RESET_PASSWORD_WITHIN": timedelta(hours=2),
    "CHANGEABLE": True,
    "TRACKABLE": False,  # no addresses of who signs in
    "TWO_FACTOR": True,
    "TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
    "TWO_FACTOR_RESCUE_EMAIL": False,
    "TWO_FACTOR_ALWAYS_VALIDATE": True,
    "TWO_FACTOR_POST_SETUP_VIEW": "organisers.account",
    "TOTP_SECRETS": {"1": "what it would seal, we seal ourselves"},
    "TOTP_ISSUER": "Countersign",
    "MULTI_FACTOR_RECOVERY_CODES": True,
    "MULTI_FACTOR_RECOVERY_CODES_N": 8,
    "WEBAUTHN": True,
    "WAN_RP_NAME": "Countersign",
    "WAN_ALLOW_USER_HINTS": False,  # hints tell strangers which addresses have accounts
    "WAN_POST_REGISTER_VIEW": "organisers.account",
    "FRESHNESS": timedelta(minutes=FRESH_MINUTES),
    "FRESHNESS_GRACE_PERIOD": timedelta(minutes=GRACE_MINUTES),
    "FRESHNESS_ALLOW_AUTH_TOKEN": False,
    "API_ENABLED_METHODS": ["session"],
    "DATETIME_FACTORY": clock.now,
    "POST_LOGIN_VIEW": "organisers.home",
    "POST_LOGOUT_VIEW": "security.login",
    "POST_CHANGE_VIEW": "organisers.account",
    "POST_RESET_VIEW": "security.login",
    "EMAIL_SUBJECT_PASSWORD_RESET": _("Set a new password"),
    "EMAIL_SUBJECT_PASSWORD_NOTICE": _("Your password was set anew"),
    "EMAIL_SUBJECT_PASSWORD_CHANGE_NOTICE": _("Your password was changed"),
    "EMAIL_TEMPLATE_PASSWORD_RESET": "email/password_reset/body",
    "EMAIL_TEMPLATE_PASSWORD_RESET_NOTICE": "email/password_changed/body",
    "EMAIL_TEMPLATE_PASSWORD_CHANGE_NOTICE": "email/password_changed/body",
}


class Datastore(SQLAlchemyUserDatastore):  # type: ignore[misc]
    """Finds organisers although their addresses are sealed."""

    def find_user(self, case_insensitive: bool = False, **by: Any) -> Organiser | None:
        """Return the organiser with this one attribute; by `email`, whoever has that mailbox."""
        if "email" not in by:
            found: Organiser | None = super().find_user(case_insensitive, **by)
            return found
        try:
            return accounts.find(db.session(), deliverable(by["email"]))
        except NotAnAddress:
            return None

    def mf_delete_recovery_code(self, user: Organiser, idx: int) -> bool:
        """Use up a recovery code, once: of two who send it at the same moment, the second finds it gone."""
        left = user.mf_recovery_codes
        if idx >= len(left):
            return False
        before = user.sealed_recovery_codes
        del left[idx]
        user.mf_recovery_codes = left
        self._replace(user, Organiser.sealed_recovery_codes == before, sealed_recovery_codes=user.sealed_recovery_codes)
        return True

    def use_counter(self, user: Organiser, counter: int) -> None:
        """Use up the code of an authenticator app: neither it nor an older one opens anything again."""
        newer = Organiser.totp_counter.is_(None) | (Organiser.totp_counter < counter)
        self._replace(user, newer, totp_counter=counter)

    def _replace(self, user: Organiser, unless_used: Any, **columns: Any) -> None:
        db.session.expire(user, list(columns))
        mine = (Organiser.id == user.id) & unless_used
        used = update(Organiser).where(mine).values(**columns).returning(Organiser.id)
        if db.session.execute(used.execution_options(synchronize_session=False)).first() is None:
            abort(409, _("This code has just been used. Please start again with a new one."))


class Letters(MailUtil):  # type: ignore[misc]
    """Puts Flask-Security's letters into our outbox instead of sending them while somebody waits."""

    def send_mail(
        self,
        template: str,
        subject: str,
        recipient: Any,
        sender: Any,
        body: str | None,
        html: str | None,
        **words: Any,
    ) -> None:
        """Queue a letter in the transaction of what causes it; a stranger can cause the one that sets a password."""
        by_stranger = template == SETTINGS["EMAIL_TEMPLATE_PASSWORD_RESET"]
        post(db.session(), recipient, str(subject), body or "", html or "", clock.now(), by_stranger=by_stranger)
        db.session.commit()


class SealedTotp(Totp):  # type: ignore[misc]
    """Codes of an authenticator app (RFC 6238). The secret is sealed by us, and no code works twice."""

    def generate_totp_secret(self) -> str:
        """Return a new secret, to be sealed with its row."""
        return str(self._totp.new().to_json(encrypt=False))

    def get_last_counter(self, user: Organiser) -> int | None:
        """Return the number of the last code that was used."""
        return user.totp_counter

    def set_last_counter(self, user: Organiser, tmatch: Any) -> None:
        """Use up a code."""
        _datastore.use_counter(user, tmatch.counter)


class SignInForm(LoginForm):  # type: ignore[misc]
    """Address and password. Nobody is remembered beyond the session."""

    remember = None


_datastore = Datastore(db, Organiser, None, Passkey)


def init_app(app: Flask) -> None:
    """Set signing in up, below /organise alone."""
    app.config.update({f"SECURITY_{name}": value for name, value in SETTINGS.items()})
    app.config.update(session.settings(app.config["BASE_URL"]))
    app.config.update(WTF_CSRF_CHECK_DEFAULT=False, WTF_CSRF_TIME_LIMIT=None)
    app.session_interface = session.OrganisersSession()
    csrf.init_app(app)
    app.before_request(_begin)
    app.jinja_env.globals.update(may=may)
    security = Security(
        app,
        _datastore,
        login_form=SignInForm,
        mail_util_cls=Letters,
        totp_cls=SealedTotp,
    )
    security.reauthn_handler(_ask_again)


def _begin() -> None:
    """Before a page of organisers: speak their language, and refuse what was not sent from a page of theirs."""
    if not session.is_for_organisers(request.path):
        return
    if request.method not in READING:
        csrf.protect()
        if request.blueprint == "security":  # the library writes through this session: as the one writer, on SQLite
            db.session.rollback()
            db.session.connection(execution_options={WRITES: True})
    if current_user.is_authenticated:
        language.speak(current_user.language)
    else:
        language.speak(request.accept_languages.best_match(language.INTERFACE) or language.DEFAULT)


def _ask_again(within: timedelta, grace: timedelta) -> Response:
    """Send an organiser who signed in long ago to do so again, and then back to the page that they came from."""
    here = request.full_path.rstrip("?") if request.method in READING else url_for("organisers.home")
    return redirect(url_for("security.verify", next=here))
