"""The base class of organisers' forms, and the forms for accounts and roles."""

import unicodedata
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _
from flask_security.proxies import _security as security
from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, ValidationError

from app.email.address import MAX_ADDRESS_LENGTH
from app.models import Organiser, Role
from app.web.address_field import AddressField
from app.web.language import INTERFACE_LANGUAGES
from app.web.typed_text import tidy_line

MAX_NAME_LENGTH = 60
MIN_PASSWORD_LENGTH = 12
MAX_PASSWORD_LENGTH = 128
# Some languages join and part letters by them.
JOINERS = "\u200c\u200d"
MARKS_OF_DIRECTION = dict.fromkeys(map(ord, "\u061c\u200e\u200f"))

TOO_MANY_INVITATIONS = _("You have invited many people today. Please wait a day before you invite more.")
ROLES = (
    SelectChoice(Role.VIEWER.value, _("Viewer: sees the numbers, never people")),
    SelectChoice(Role.EDITOR.value, _("Editor: works on the petition, sees who signed, exports the list")),
    SelectChoice(Role.OWNER.value, _("Owner: all of it, and opens, closes and gives roles")),
)


class OrganiserForm(FlaskForm):  # type: ignore[misc]
    """A form on an organiser's page, with the session's CSRF token (Flask-WTF)."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """Flask-WTF's settings."""

        def wrap_formdata(self, form: FlaskForm, formdata: Any) -> Any:
            """Read text fields alone: a file or JSON is not read as a form."""
            given = super().wrap_formdata(form, formdata)
            return request.form if given is not None and given is not formdata else given


class OrganiserAddressForm(OrganiserForm):
    """The e-mail address of an invitation or a new password."""

    email = AddressField(
        _("E-mail"),
        [DataRequired(_("Please give an e-mail address.")), Length(max=MAX_ADDRESS_LENGTH)],
        invalid=_("This is not a complete e-mail address."),
    )


class InvitationForm(OrganiserAddressForm):
    """Whom to invite to a petition, and the role."""

    role = RadioField(_("As what?"), choices=ROLES, default=Role.EDITOR.value)


class RoleForm(OrganiserForm):
    """The new role of a member."""

    role = SelectField(_("As what?"), choices=ROLES)


class LanguageForm(OrganiserForm):
    """The language of pages and e-mails for an organiser."""

    language = SelectField(
        _("Language of these pages and of our e-mails"),
        choices=[SelectChoice(tag, name) for tag, name in INTERFACE_LANGUAGES.items()],
    )


class NameForm(OrganiserForm):
    """The name that other organisers see, and whom they invite. It goes into e-mails, so it can hold no address."""

    name = StringField(
        _("Your name, as other organisers see it"),
        [Length(max=MAX_NAME_LENGTH, message=_("That is too long: at most 60 characters."))],
        filters=[lambda text: tidy_line(text).translate(MARKS_OF_DIRECTION)],
        render_kw={"autocomplete": "name"},
    )

    def validate_name(self, field: StringField) -> None:
        """Refuse what is no name: mail programs make a link of a full stop inside a word, and of digits a number."""
        letters = (char for word in (field.data or "").split(" ") for char in word.rstrip("."))
        if not all(unicodedata.category(char)[0] in "LM" or char in "'’·-" + JOINERS for char in letters):
            raise ValidationError(_("Please use letters, spaces, hyphens and apostrophes alone."))


class JoinForm(OrganiserForm):
    """How an invited organiser will sign in: `way` is "password", or empty for a passkey, made on the next page."""

    way = HiddenField()
    password = PasswordField(_("Password"), render_kw={"autocomplete": "new-password"})

    def __init__(self, invited: Organiser, **named: Any) -> None:
        super().__init__(**named)
        self._invited = invited

    def validate_password(self, field: PasswordField) -> None:
        """Refuse a password that Flask-Security would refuse too, unless a passkey was chosen."""
        if self.way.data:
            problems, _normal = security.password_util.validate(field.data or "", is_register=False, user=self._invited)
            if problems:
                raise ValidationError(problems[0])
