"""Checks before each page below /organise, also Flask-Security's: session, CSRF token, login throttle."""

from urllib.parse import urlsplit

from flask import Flask, abort, redirect, request, url_for
from flask import session as cookie
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from flask_login import user_logged_in, user_logged_out
from flask_security import current_user, logout_user, password_reset
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError
from werkzeug import Response
from werkzeug.exceptions import TooManyRequests

from app import clock
from app.auth import login_throttle, sessions
from app.auth.factors import datastore
from app.auth.login_throttle import Secret
from app.connections import WRITES
from app.db import begin_immediate, db, transaction
from app.email.address import NotAnAddress, canonical, deliverable
from app.models import Organiser
from app.models.locking import lock_organiser
from app.organisers.access import Who, must_add_second_step
from app.organisers.forms import MAX_PASSWORD_LENGTH
from app.organisers.letter import queue_rendered_letter
from app.web import language, rate_limits, session
from app.web.absolute_url import absolute_url
from app.web.address_field import tidy_address
from app.web.csrf import SAFE_METHODS
from app.web.rate_limits import Action

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
# These hash a password, which is slow by design, and write nothing: they must not hold SQLite's write lock.
READ_ONLY = {"security.login", "security.verify", "security.forgot_password"}
# Which secret each page checks.
ATTEMPTED_SECRETS = {
    "security.login": Secret.PASSWORD,
    "security.verify": Secret.PASSWORD,
    "security.change_password": Secret.PASSWORD,
    "security.two_factor_token_validation": Secret.CODE,
    "security.mf_recovery": Secret.RECOVERY_CODE,
}
# What strangers can make cost: a hashed password, a letter. It is limited by network before anything is done.
LIMITED = {
    **dict.fromkeys(("security.login", "security.wan_signin", "security.wan_signin_response"), Action.SIGN_IN),
    **dict.fromkeys(("security.two_factor_token_validation", "security.mf_recovery"), Action.SIGN_IN),
    **dict.fromkeys(("security.reset_password", "organisers.join"), Action.SIGN_IN),
    "security.forgot_password": Action.REQUEST_RESET,
}
# The pages that stay open to who must add a second step first, beside Flask-Security's.
OF_THE_ACCOUNT = {
    "organisers.account",
    "organisers.change_language",
    "organisers.change_name",
    "organisers.sign_out_everywhere",
    "organisers.ask_to_end_account",
    "organisers.end_account",
}
TOO_MANY = {
    Secret.PASSWORD: lazy(
        "There were too many tries with this address. Please wait a quarter of an hour, sign in with a passkey, or set"
        " a new password by e-mail."
    ),
    Secret.CODE: lazy("There were too many wrong codes. Please wait an hour, or use a recovery code."),
    Secret.RECOVERY_CODE: lazy("There were too many wrong recovery codes. Please wait an hour."),
}


def init_app(app: Flask) -> None:
    """Guard every page below /organise; update sessions and attempts when people sign in and out."""
    csrf.init_app(app)
    app.before_request(_check_request)
    user_logged_in.connect(_on_sign_in, app)
    user_logged_out.connect(_on_sign_out, app)
    password_reset.connect(_on_password_reset, app)


def to_sign_in(endpoint: str) -> Response:
    """Redirect to sign in, and afterwards back to the requested page, or to the page of the posted form."""
    target = request.full_path.rstrip("?") if request.method in SAFE_METHODS else _path_of(request.referrer or "")
    if not session.is_for_organisers(target):
        target = url_for("organisers.home")
    return redirect(url_for(endpoint, next=target))


def _path_of(referrer: str) -> str:
    try:
        return urlsplit(referrer).path
    except ValueError:
        return ""


def _check_request() -> Response | None:
    """Limit what strangers can make cost; end an expired session; check CSRF tokens; ask for a second step to be added.

    Sets the organiser's language too.
    """
    if not session.is_for_organisers(request.path):
        return None
    if request.method not in SAFE_METHODS and request.endpoint in LIMITED:
        _limit_network(LIMITED[request.endpoint])
    if current_user.is_authenticated and not sessions.is_open(current_user):
        logout_user()
    is_in = current_user.is_authenticated
    if is_in:
        language.set_language(current_user.language)
    if request.is_json:
        abort(415)  # JSON would be a second way to post forms, to be guarded too
    if request.method not in SAFE_METHODS:
        _check_csrf_token()
    if request.blueprint == "security":
        return _check_flask_security_request(is_in=is_in)
    if is_in and request.endpoint not in OF_THE_ACCOUNT and must_add_second_step():
        return redirect(url_for("organisers.account"), 303)
    return None


def _check_flask_security_request(*, is_in: bool) -> Response | None:
    """Limit Flask-Security's pages to OPEN_TO, count attempts, and refuse passwords that are too long."""
    endpoint = request.endpoint or ""
    if any(len(typed) > MAX_PASSWORD_LENGTH for name, typed in request.form.items() if "password" in (name or "")):
        abort(413)  # Flask-Security has no upper limit
    who = OPEN_TO.get(endpoint)
    if who is None:
        abort(404)
    if who == Who.ORGANISERS and not is_in:
        return to_sign_in("security.login")
    if who == Who.HALF_SIGNED_IN and is_in:
        return redirect(url_for("organisers.home"))
    if endpoint == "security.mf_recovery" and "tf_select" in cookie:
        cookie["tf_state"] = "ready"  # a recovery code stands in for either step, so none has to be chosen first
    if request.method not in SAFE_METHODS:
        if endpoint in ATTEMPTED_SECRETS:
            _count_attempt(ATTEMPTED_SECRETS[endpoint])
        if endpoint not in READ_ONLY:
            db.session.rollback()  # Flask-Security writes in this session: take SQLite's write lock first
            db.session.connection(execution_options={WRITES: True})
            acting = current_user if is_in else datastore.find_user(fs_uniquifier=cookie.get("tf_user_id", ""))
            if acting:
                lock_organiser(db.session(), acting.id)
    return None


def _limit_network(action: Action) -> None:
    wait = rate_limits.hit(action)
    if wait:
        message = _("Many tries came from where you are. Please wait some minutes, then send it again.")
        raise TooManyRequests(message, retry_after=wait)


def _check_csrf_token() -> None:
    try:
        csrf.protect()
    except CSRFError:
        abort(400, _("This page had been open for too long. Please go back, reload it, and send it again."))


def _count_attempt(secret: Secret) -> None:
    """Count an attempt, and refuse too many; after too many second-factor codes also queue an e-mail to the owner."""
    half_signed_in = None
    if secret != Secret.PASSWORD:
        half_signed_in = datastore.find_user(fs_uniquifier=cookie.get("tf_user_id", ""))
        account = _account(half_signed_in) if half_signed_in else ""
    elif current_user.is_authenticated:
        account = _account(current_user)  # a separate count, which no stranger can use up
    else:
        account = _mailbox(request.form.get("email", ""))
    try:
        login_throttle.count_attempt(secret, account)
    except login_throttle.TooManyAttempts as error:
        if half_signed_in and error.is_first and secret == Secret.CODE:
            with transaction() as session:
                queue_rendered_letter(
                    session, half_signed_in, "wrong_codes", clock.now(), link=absolute_url("security.forgot_password")
                )
        raise TooManyRequests(
            TOO_MANY[secret], retry_after=int(login_throttle.WINDOWS[secret].total_seconds())
        ) from None


def _account(organiser: Organiser) -> str:
    return organiser.public_id.hex()  # unlike `fs_uniquifier`, a reset of the password leaves it: no new tries at codes


def _mailbox(typed: str) -> str:
    try:
        return canonical(deliverable(tidy_address(typed)))
    except NotAnAddress:
        return typed


def _on_sign_in(app: Flask, user: Organiser) -> None:
    session = begin_immediate()  # the code or passkey is used up in the same transaction
    login_throttle.uncount_attempt(session, Secret.PASSWORD, _mailbox(user.email))
    login_throttle.forget_attempts(session, _account(user), *Secret)
    sessions.begin_session(session, user)
    session.commit()


def _on_sign_out(app: Flask, **keywords: object) -> None:
    sessions.end_session()


def _on_password_reset(app: Flask, user: Organiser, **keywords: object) -> None:
    login_throttle.forget_attempts(
        begin_immediate(), _mailbox(user.email), Secret.PASSWORD
    )  # Flask-Security commits, with the password
