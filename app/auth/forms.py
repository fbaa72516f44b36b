"""Flask-Security's forms, with fewer fields and choices."""

from typing import Any

from flask_security import LoginForm, MfRecoveryForm, TwoFactorRescueForm, TwoFactorSelectForm, TwoFactorSetupForm
from flask_security.webauthn import WebAuthnRegisterForm
from wtforms import HiddenField, RadioField, StringField
from wtforms.validators import AnyOf, DataRequired


class SignInForm(LoginForm):  # type: ignore[misc]
    """Address and password, without "remember me"."""

    remember = None


class CodesForm(TwoFactorSetupForm):  # type: ignore[misc]
    """Codes from an app: buttons to turn them on (`authenticator`) or off (`disable`)."""

    setup = HiddenField()


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
    """A recovery code; spaces and capitals are tolerated."""

    code = StringField(filters=[lambda typed: (typed or "").strip().lower()], validators=[DataRequired()])


class PasskeyForm(WebAuthnRegisterForm):  # type: ignore[misc]
    """A new passkey: its name, and whether it is the only factor or the second one."""

    usage = RadioField(choices=["first", "secondary"], default="first")


FORMS = {
    "login_form": SignInForm,
    "two_factor_setup_form": CodesForm,
    "two_factor_select_form": SecondStepForm,
    "two_factor_rescue_form": RescueForm,
    "mf_recovery_form": RecoveryForm,
    "wan_register_form": PasskeyForm,
}
