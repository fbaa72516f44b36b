"""The base of organisers' forms, and those of accounts and roles."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField, RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, Optional, ValidationError

from app.email_address import LONGEST, NotAnAddress, deliverable
from app.models import Role

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200

ROLES = (
    SelectChoice(Role.VIEWER.value, _("Viewer: sees the numbers, never people")),
    SelectChoice(Role.EDITOR.value, _("Editor: works on the petition, sees who signed, exports the list")),
    SelectChoice(Role.OWNER.value, _("Owner: all of it, and opens, closes and gives roles")),
)


class OrganiserForm(FlaskForm):  # type: ignore[misc]
    """A form on an organiser's page. It carries the token that ties it to their session (Flask-WTF)."""


class InvitationForm(OrganiserForm):
    """Whom to invite to a petition, as what."""

    email = EmailField(_("E-mail"), validators=[DataRequired(_("Please give an e-mail address.")), Length(max=LONGEST)])
    role = RadioField(_("As what?"), choices=ROLES, default=Role.EDITOR.value)

    def validate_email(self, field: EmailField) -> None:
        """Refuse what no letter can be sent to."""
        try:
            deliverable((field.data or "").strip())
        except NotAnAddress:
            raise ValidationError(_("This is not a complete e-mail address.")) from None

    def address(self) -> str:
        """Return the address of a valid form, as mail servers take it."""
        return deliverable((self.email.data or "").strip())


class SiteInvitationForm(InvitationForm):
    """Whom to invite to the site."""

    role = None


class RoleForm(OrganiserForm):
    """What somebody is to be to a petition from now on."""

    role = RadioField(_("As what?"), choices=ROLES)


class JoinForm(OrganiserForm):
    """How an invited organiser will sign in: a password, or nothing here and a passkey on the next page."""

    password = PasswordField(
        _("Password"),
        validators=[
            Optional(),
            Length(
                min=SHORTEST_PASSWORD, message=_("Please use at least 12 characters; some words in a row are fine.")
            ),
            Length(max=LONGEST_PASSWORD),
        ],
        render_kw={"autocomplete": "new-password"},
    )
