"""The forms that ask for the language of a text: one of a list, or any that CLDR knows by its tag."""

from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import Field, Form, SelectField
from wtforms.validators import InputRequired, ValidationError

from app.organisers.forms import OrganiserForm
from app.petition_files import values
from app.publishing.checked_fields import line
from app.publishing.forms import CHECK
from app.web import language


def tag_field() -> Field:
    """Return the field for a language that is not on the list."""
    label = _("Another language, by its tag")
    return line(label, values.language, optional=True, autocapitalize="none", spellcheck="false")


class NewForm(OrganiserForm):
    """Title, language and slug of a new draft."""

    title = line(_("Title"), CHECK["title"], always=True, max_length=200)
    language = SelectField(_("Language"), choices=language.language_choices, validators=[InputRequired()])
    tag = tag_field()
    slug = line(_("Name in the address"), CHECK["slug"], optional=True, autocapitalize="none", spellcheck="false")

    def chosen(self) -> str:
        """Return the tag of the language; one that was typed wins, as the list has always chosen one."""
        return str(self.tag.data or self.language.data)


class TranslationLanguageForm(Form):  # type: ignore[misc]
    """Which language to translate into. It is sent by GET, and leads to that language's page."""

    language = SelectField(_("Language"), name="in", id="language", validate_choice=False)
    tag = tag_field()

    def validate_language(self, field: Field) -> None:
        """Refuse to choose none at all."""
        if not (field.data or self.tag.data or self.tag.errors):
            raise ValidationError(_("Please choose a language."))

    def validate(self, extra_validators: Any = None) -> bool:
        """Check the form, and let the first wrong field take the focus: no summary stands above this form."""
        is_right: bool = super().validate(extra_validators)
        for field in [one for one in self if one.errors][:1]:
            field.render_kw = {**(field.render_kw or {}), "autofocus": True}
        return is_right

    def chosen(self) -> str:
        """Return what was chosen; one that was typed wins, as in `NewForm`."""
        return str(self.tag.data or self.language.data)

    def offer(self, written: list[str]) -> "TranslationLanguageForm":
        """List the languages in which the petition is not written; return the form."""
        choices = [choice for choice in language.language_choices() if choice[0] not in written]
        self.language.choices = [("", _("Choose a language")), *choices]
        return self
