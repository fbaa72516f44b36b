"""Flask-Security's forms where this site asks for less than they do."""

from typing import Any

from flask_security import LoginForm, MfRecoveryForm, TwoFactorRescueForm, TwoFactorSelectForm, TwoFactorSetupForm
from flask_security.webauthn import WebAuthnRegisterForm
from wtforms import HiddenField, RadioField, StringField
from wtforms.validators import AnyOf, DataRequired


class SignInForm(LoginForm):  # type: ignore[misc]
    """Address and password. Nobody is remembered beyond the session."""

    remember = None


class CodesForm(TwoFactorSetupForm):  # type: ignore[misc]
    """Codes from an app: to be set up (`authenticator`) or turned off (`disable`), by one button each."""

    setup = HiddenField()


class SecondStepForm(TwoFactorSelectForm):  # type: ignore[misc]
    """Which second step to take, by one button each."""

    which = HiddenField(validators=[AnyOf(["authenticator", "webauthn"])])


class RescueForm(TwoFactorRescueForm):  # type: ignore[misc]
    """The way out for who has lost the second factor: recovery codes, nothing else."""

    help_setup = HiddenField(validators=[AnyOf(["recovery_code"])])

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.help_setup.choices = []  # the library adds those that it would offer


class RecoveryForm(MfRecoveryForm):  # type: ignore[misc]
    """A recovery code, as people type what they have on paper."""

    code = StringField(filters=[lambda typed: (typed or "").strip().lower()], validators=[DataRequired()])


class PasskeyForm(WebAuthnRegisterForm):  # type: ignore[misc]
    """A new passkey: what its owner calls it, and whether it is all that is asked for."""

    usage = RadioField(choices=["first", "secondary"], default="first")


FORMS = {
    "login_form": SignInForm,
    "two_factor_setup_form": CodesForm,
    "two_factor_select_form": SecondStepForm,
    "two_factor_rescue_form": RescueForm,
    "mf_recovery_form": RecoveryForm,
    "wan_register_form": PasskeyForm,
}
