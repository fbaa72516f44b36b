"""Flask-Security's settings: features, redirects and lifetimes."""

from datetime import timedelta

import config
from app import clock
from app.organisers.access import FRESH_MINUTES
from app.organisers.forms import MIN_PASSWORD_LENGTH
from app.web import session

# As long as strangers can use up the letters for (app/outbox/mailbox_limit.py): one of those that came always works.
RESET_LINK_TTL = timedelta(hours=24)
TOTP_TOLERANCE_SECONDS = 30  # accepts the previous code too (RFC 6238, 5.2)

SETTINGS = {
    "URL_PREFIX": session.ORGANISERS_PATH,
    "STATIC_FOLDER": None,
    "CLI_USERS_NAME": None,
    "CLI_ROLES_NAME": None,
    "JOIN_USER_ROLES": False,  # roles are in `membership`
    "I18N_DOMAIN": "messages",
    "I18N_DIRNAME": [str(config.ROOT / "translations")],
    "PASSWORD_HASH": "argon2",
    "PASSWORD_SCHEMES": ["argon2"],
    "PASSWORD_SINGLE_HASH": {"argon2"},
    "PASSWORD_LENGTH_MIN": MIN_PASSWORD_LENGTH,
    "RETURN_GENERIC_RESPONSES": True,
    "RECOVERABLE": True,
    "RESET_PASSWORD_WITHIN": RESET_LINK_TTL,
    "CHANGEABLE": True,
    "TRACKABLE": False,  # no IP addresses of organisers
    "TWO_FACTOR": True,
    "TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
    "TWO_FACTOR_AUTHENTICATOR_VALIDITY": TOTP_TOLERANCE_SECONDS,
    "TWO_FACTOR_RESCUE_EMAIL": False,
    "TWO_FACTOR_ALWAYS_VALIDATE": True,
    "TWO_FACTOR_POST_SETUP_VIEW": "organisers.account",
    "MULTI_FACTOR_RECOVERY_CODES": True,
    "MULTI_FACTOR_RECOVERY_CODES_N": 8,
    "WEBAUTHN": True,
    "WAN_ALLOW_USER_HINTS": False,  # hints would tell strangers which addresses have accounts
    "WAN_POST_REGISTER_VIEW": "organisers.account",
    # Not letters and digits alone: some scripts have marks, and "Ann's phone." has points.
    "WAN_NAME_ALLOWED_CHARS": ["L", "M", "N", "P", "Zs", "Cf"],
    "WAN_SIGNIN_WITHIN": timedelta(minutes=5),
    "WAN_SIGNIN_TIMEOUT": 300_000,  # in milliseconds
    "FRESHNESS": timedelta(minutes=FRESH_MINUTES),
    "FRESHNESS_GRACE_PERIOD": timedelta(),
    "FRESHNESS_ALLOW_AUTH_TOKEN": False,
    "API_ENABLED_METHODS": ["session"],
    "DATETIME_FACTORY": clock.now,
    "POST_LOGIN_VIEW": "organisers.home",
    "POST_VERIFY_VIEW": "organisers.home",
    "POST_LOGOUT_VIEW": "security.login",
    "POST_CHANGE_VIEW": "organisers.account",
    "POST_RESET_VIEW": "security.login",
    # Folders in templates/email/: `OutboxMailUtil` in app/auth/sign_in.py renders them itself.
    "EMAIL_TEMPLATE_PASSWORD_RESET": "password_reset",
    "EMAIL_TEMPLATE_PASSWORD_RESET_NOTICE": "password_changed",
    "EMAIL_TEMPLATE_PASSWORD_CHANGE_NOTICE": "password_changed",
    "EMAIL_PLAINTEXT": False,
    "EMAIL_HTML": False,
}
