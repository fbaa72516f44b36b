"""Flask-Security's messages in this site's words; messages that cannot occur here are left out."""


def _(words: str) -> str:
    """Mark words for the catalogue; Flask-Security translates them when it shows them."""
    return words


MESSAGES = {
    "API_ERROR": (_("This could not be read. Please try again."), "error"),
    "CODE_HAS_BEEN_SENT": (_("The code is on its way."), "info"),
    "DISABLED_ACCOUNT": (_("This account is closed."), "error"),
    "EMAIL_NOT_PROVIDED": (_("Please give your e-mail address."), "error"),
    "FORGOT_PASSWORD": (_("I have forgotten my password"), "info"),
    "GENERIC_AUTHN_FAILED": (_("This address and this password do not belong together."), "error"),
    "INVALID_EMAIL_ADDRESS": (_("This is not a complete e-mail address."), "error"),
    "INVALID_INPUT": (_("This is not possible here. Please try something else."), "error"),
    "INVALID_INPUT_LENGTH": (_("This is too long: %(length)s characters are the most."), "error"),
    "INVALID_PASSWORD": (_("This is not your password."), "error"),
    "INVALID_RECOVERY_CODE": (_("This is not one of your recovery codes, or it has been used."), "error"),
    "INVALID_REDIRECT": (_("This link would lead to another site, so we do not follow it."), "error"),
    "INVALID_RESET_PASSWORD_TOKEN": (_("This link has been used or is not complete. Ask for a new one here."), "error"),
    "NO_RECOVERY_CODES_SETUP": (_("You have no recovery codes."), "info"),
    "PASSWORD_CHANGE": (_("Your password is changed. You are signed out everywhere else."), "success"),
    "PASSWORD_INVALID_LENGTH": (_("Please use %(length)s to 128 characters; some words in a row are fine."), "error"),
    "PASSWORD_IS_THE_SAME": (_("This is the password that you have. Please choose another one."), "error"),
    "PASSWORD_NOT_PROVIDED": (_("Please give a password."), "error"),
    "PASSWORD_RESET_EXPIRED": (
        _("This link worked for %(within)s and is too old now. Ask for a new one here."),
        "error",
    ),
    "PASSWORD_RESET_NO_LOGIN": (_("Your new password is set. Please sign in with it."), "success"),
    "PASSWORD_RESET_REQUEST": (
        _("If this address belongs to an account, an e-mail with a link is on its way there."),
        "info",
    ),
    "REAUTHENTICATION_SUCCESSFUL": (_("Thank you, please go on."), "info"),
    "RETYPE_PASSWORD_MISMATCH": (_("The two passwords are not the same."), "error"),
    "TWO_FACTOR_CHANGE_METHOD_SUCCESSFUL": (
        _("From now on you need a code from your app to sign in. Make recovery codes too, in case it gets lost."),
        "success",
    ),
    "TWO_FACTOR_DISABLED": (_("From now on you sign in without a code."), "success"),
    "TWO_FACTOR_INVALID_TOKEN": (_("This code is not right or has been used. Wait for the next one."), "error"),
    "TWO_FACTOR_LOGIN_SUCCESSFUL": (_("You are signed in."), "success"),
    "TWO_FACTOR_METHOD_NOT_AVAILABLE": (_("Please choose one of these."), "error"),
    "TWO_FACTOR_PERMISSION_DENIED": (_("Please begin here, with your address and password."), "error"),
    "TWO_FACTOR_SETUP_EXPIRED": (_("This took longer than %(within)s. Please start again."), "error"),
    "USER_DOES_NOT_EXIST": (_("This address and this password do not belong together."), "error"),
    "WEBAUTHN_CREDENTIAL_DELETED": (_("The passkey “%(name)s” no longer opens your account."), "info"),
    "WEBAUTHN_CREDENTIAL_ID_INUSE": (_("This passkey is registered already."), "error"),
    "WEBAUTHN_CREDENTIAL_WRONG_USAGE": (_("This passkey is registered for another step of signing in."), "error"),
    "WEBAUTHN_EXPIRED": (_("This took longer than %(within)s. Please start again."), "error"),
    "WEBAUTHN_MISMATCH_USER_HANDLE": (_("This passkey belongs to another account."), "error"),
    "WEBAUTHN_NAME_DISALLOWED_CHARACTERS": (_("Please use letters, numbers, spaces and hyphens only."), "error"),
    "WEBAUTHN_NAME_INUSE": (_("You have a passkey that is called “%(name)s” already."), "error"),
    "WEBAUTHN_NAME_NOT_FOUND": (_("You have no passkey that is called “%(name)s”."), "error"),
    "WEBAUTHN_NAME_REQUIRED": (_("Please give the passkey a name."), "error"),
    "WEBAUTHN_NO_VERIFY": (_("The passkey could not be checked. Please try again."), "error"),
    "WEBAUTHN_ORPHAN_CREDENTIAL_ID": (_("This passkey belongs to no account here."), "error"),
    "WEBAUTHN_REGISTER_SUCCESSFUL": (
        _(
            "The passkey “%(name)s” opens your account from now on; a password alone does not. Make recovery codes too,"
            " in case it gets lost."
        ),
        "info",
    ),
    "WEBAUTHN_UNKNOWN_CREDENTIAL_ID": (_("This passkey belongs to no account here."), "error"),
}
