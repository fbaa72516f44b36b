"""Flask-Security's forms, with fewer fields and choices, and fields that take what people type and paste."""

from typing import Any

from flask import session as cookie
from flask_babel import lazy_gettext as _
from flask_security import LoginForm, MfRecoveryForm, TwoFactorRescueForm, TwoFactorSelectForm, TwoFactorSetupForm
from flask_security.forms import RequiredLocalize, TwoFactorVerifyCodeForm, email_required
from flask_security.utils import get_message
from flask_security.webauthn import WebAuthnRegisterForm, WebAuthnSigninResponseForm
from wtforms import HiddenField, RadioField, StringField
from wtforms.validators import AnyOf, DataRequired

from app.auth.typed_codes import read_app_code, read_recovery_code
from app.web.address_field import AddressField
from app.web.typed_text import tidy_line


class SignInForm(LoginForm):  # type: ignore[misc]
    """Address and password, without "remember me"; browsers send the address as it was typed, see AddressField."""

    email = AddressField(
        validators=[email_required],
        invalid=_("This is not a complete e-mail address."),
        render_kw={"autocomplete": "email"},
    )
    remember = None


class CodesForm(TwoFactorSetupForm):  # type: ignore[misc]
    """Codes from an app: buttons to turn them on (`authenticator`) or off (`disable`)."""

    setup = HiddenField()


class AppCodeForm(TwoFactorVerifyCodeForm):  # type: ignore[misc]
    """A code from an app, in any script's digits and with spaces. No pattern: browsers would refuse those."""

    code = StringField(
        filters=[read_app_code],
        validators=[RequiredLocalize()],
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric"},
    )


class SecondStepForm(TwoFactorSelectForm):  # type: ignore[misc]
    """The choice of the second factor, by one button each."""

    which = HiddenField(validators=[AnyOf(["authenticator", "webauthn"])])


class RescueForm(TwoFactorRescueForm):  # type: ignore[misc]
    """Help for people who have lost the second factor: recovery codes only."""

    help_setup = HiddenField(validators=[AnyOf(["recovery_code"])])

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.help_setup.choices = []  # Flask-Security adds its own


class RecoveryForm(MfRecoveryForm):  # type: ignore[misc]
    """A recovery code, with whatever was pasted around it."""

    code = StringField(filters=[read_recovery_code], validators=[DataRequired()])


class PasskeyForm(WebAuthnRegisterForm):  # type: ignore[misc]
    """A new passkey: its name, and whether it is the only factor or the second one."""

    name = StringField(filters=[tidy_line], validators=[RequiredLocalize(message="WEBAUTHN_NAME_REQUIRED")])
    usage = RadioField(choices=["first", "secondary"], default="first")


class PasskeyAnswerForm(WebAuthnSigninResponseForm):  # type: ignore[misc]
    """What a passkey answered; as the second step, it has to be one of the account whose password was given."""

    is_verify: bool  # set by Flask-Security: whether who is signed in is asked once more
    is_secondary: bool

    def validate(self, **keywords: Any) -> bool:
        """Tell whether this passkey may do this step of signing in."""
        self.is_verify = self.is_verify or self.is_secondary  # so that Flask-Security lets it have either usage
        if not super().validate(**keywords):
            return False
        problem = None
        if self.is_secondary and self.user.fs_uniquifier != cookie.get("tf_user_id"):
            problem = "WEBAUTHN_MISMATCH_USER_HANDLE"
        elif self.is_secondary and self.cred.usage == "first" and not self.mf_check:
            problem = "WEBAUTHN_NO_VERIFY"  # beside a password it must not be worth less than alone
        if problem:
            self.credential.errors.append(get_message(problem)[0])
        return problem is None


FORMS = {
    "login_form": SignInForm,
    "two_factor_setup_form": CodesForm,
    "two_factor_verify_code_form": AppCodeForm,
    "two_factor_select_form": SecondStepForm,
    "two_factor_rescue_form": RescueForm,
    "mf_recovery_form": RecoveryForm,
    "wan_register_form": PasskeyForm,
    "wan_signin_response_form": PasskeyAnswerForm,
}
