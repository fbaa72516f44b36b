"""The forms that signers fill in: signing, confirming and correcting, an address, a code."""

from dataclasses import dataclass
from typing import Self

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, Field, HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from app.email.address import MAX_ADDRESS_LENGTH, NotAnAddress
from app.email.mistyped import probably_meant
from app.models import Draft, Petition, Signature, Visibility
from app.models.signer import signer_of
from app.petitions.page import Edition
from app.petitions.wording import label
from app.signing.entry import Correction
from app.signing.validators import MaxLength, one_line, readable, required
from app.web import countries
from app.web.address_field import AddressField
from app.web.form import Form
from app.web.typed_text import tidy_line, tidy_paragraphs

MAX_NAME = 100
MAX_AFFILIATION = 200
MAX_COMMENT = 1000
MAX_CODE = 40


@dataclass(frozen=True, slots=True)
class Submission:
    """A signer's answers on the sign form, validated."""

    name: str
    affiliation: str
    country: str
    email: str
    comment: str
    visibility: Visibility
    updates: bool


def _line(label: object, max_length: int, **attributes: str) -> StringField:
    return StringField(
        label, filters=[tidy_line], validators=[one_line, readable, MaxLength(max_length)], render_kw=attributes
    )


class SignerForm(Form):
    """The questions on both the sign form and the confirm page: name, country, visibility and so on."""

    name = _line(_("Your name"), MAX_NAME, autocomplete="name")
    affiliation = _line(_("Title or affiliation"), MAX_AFFILIATION, autocomplete="organization-title")
    country = StringField(_("Country"), widget=countries.country_select, render_kw={"autocomplete": "country"})
    comment = TextAreaField(
        _("Comment"), filters=[tidy_paragraphs], validators=[readable, MaxLength(MAX_COMMENT)], render_kw={"rows": 3}
    )
    visibility = RadioField(
        _("Who may see your name?"),
        choices=[
            SelectChoice(Visibility.PUBLIC.value, _("Everyone")),
            SelectChoice(Visibility.DELIVERY.value, _("Only who gets the petition")),
            SelectChoice(Visibility.ORGANISERS.value, _("Only the organisers")),
        ],
        default=Visibility.DELIVERY.value,
        validate_choice=False,
    )
    updates = BooleanField(_("Yes, write to me about this petition now and then"))

    named: tuple[str, ...] = ()

    def ask(self, petition: Petition, spoken: str) -> None:
        """Remove the questions that this petition does not ask, and mark those that it requires; the name always is.

        Those that it names itself (`named`) are called so, in the language `spoken` if that is translated.
        """
        self._require("name", _("Please tell us your name."))
        for field, choice, message in (
            ("affiliation", petition.affiliation_field, _("Please tell us your title or affiliation.")),
            ("country", petition.country_field, _("Please choose your country.")),
            ("comment", petition.comment_field, _("Please write a comment.")),
        ):
            if choice == "off":
                del self[field]
                continue
            own = label(petition, spoken, field)
            if own:
                self[field].label.text = own
                self.named += (field,)
            if choice == "required":
                # Not lazily: a lazy text is taken for HTML, and these are somebody's words.
                self._require(field, gettext("Please answer: %(question)s", question=own.text) if own else message)

    def answer(self, field: str) -> str:
        """Return the answer in `field`; empty if it is not asked."""
        return str(self[field].data or "") if field in self else ""

    def validate_country(self, field: Field) -> None:
        """Refuse a country that is not on the list."""
        if field.data and field.data not in countries.CODES:
            raise ValidationError(_("Please choose a country from the list."))

    def validate_visibility(self, field: Field) -> None:
        """Refuse a choice that was not offered."""
        if field.data not in set(Visibility):
            raise ValidationError(_("Please choose who may see your name."))

    def _require(self, name: str, message: object) -> None:
        self[name].validators = [required(message), *self[name].validators]
        self[name].flags.required = True


class AnswersForm(SignerForm):
    """The form on the confirm page."""

    @classmethod
    def of(cls, row: Draft | Signature, petition: Petition, spoken: str, **hidden: str) -> Self:
        """Return the form filled with what a draft or signature of the petition says now, in the language `spoken`."""
        signer = signer_of(row)
        answers = {
            "name": signer.name,
            "affiliation": signer.affiliation,
            "country": row.country,
            "comment": signer.comment,
            "visibility": row.visibility.value,
            "updates": row.updates,
        }
        form = cls(formdata=None, data={**answers, **hidden})
        form.ask(petition, spoken)
        return form

    def correction(self) -> Correction:
        """Return the answers of a valid form as a correction."""
        return Correction(
            name=self.answer("name"),
            affiliation=self.answer("affiliation"),
            country=self.answer("country"),
            comment=self.answer("comment"),
            visibility=Visibility(self.visibility.data),
            updates=bool(self.updates.data),
        )


class EntryForm(AnswersForm):
    """The form on the entry's page. `digest` is that of the entry as the page showed it."""

    digest = HiddenField()


class AddressForm(Form):
    """The address to send an e-mail to."""

    email = AddressField(
        _("E-mail"),
        [MaxLength(MAX_ADDRESS_LENGTH)],
        invalid=_("This is not a complete e-mail address. It looks like name@example.org, without spaces or accents."),
        filters=[tidy_line],
        render_kw={"autocomplete": "email"},
    )
    as_typed = HiddenField()

    def ask_about_domain(self, answer: str | None) -> str | None:
        """Return the address that was probably meant, to ask about it once; None if the one typed looks right.

        `answer` is the button that was pressed: "meant" puts that address in the field, "typed" keeps the one typed.
        """
        try:
            typed = self.email.address()
        except NotAnAddress:
            return None  # the field reports it itself
        meant = probably_meant(typed)
        if meant and answer == "meant":
            self.email.data = meant
            return None
        if answer == "typed":
            self.as_typed.data = typed
        return None if self.as_typed.data == typed else meant


class CodeForm(Form):
    """The code in the letter."""

    code = StringField(
        _("Code"),
        filters=[tidy_line],
        validators=[required(_("Please type the code that is in the e-mail.")), MaxLength(MAX_CODE)],
        render_kw={"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"},
    )


class SignForm(SignerForm, AddressForm):
    """The sign form: the signer's answers, their address, and the versions of the text and notice that were shown."""

    language = HiddenField()
    text_version = HiddenField()
    notice_version = HiddenField()
    topic = StringField(_("Leave this empty"), render_kw={"autocomplete": "off", "tabindex": "-1"})

    def ask(self, petition: Petition, spoken: str) -> None:
        """Remove the questions that this petition does not ask; name and e-mail are always required."""
        super().ask(petition, spoken)
        self._require("email", _("Please give your e-mail address. Your signature counts once you confirm it."))

    @classmethod
    def blank(cls, edition: Edition) -> "SignForm":
        """Return the empty form for this edition's page."""
        form = cls(formdata=None, data={"visibility": edition.petition.first_choice})
        form.ask(edition.petition, edition.text.language)
        form.set_edition(edition)
        return form

    def is_by_a_bot(self) -> bool:
        """Tell whether the honeypot, a field that people do not see, was filled in."""
        return bool(self.topic.data)

    def is_superseded(self, edition: Edition) -> bool:
        """Tell whether the form came from a page with other versions of the text or notice than this edition's."""
        seen = (self.text_version.data, self.notice_version.data)
        return seen != (str(edition.text.version), str(edition.notice.version))

    def set_edition(self, edition: Edition) -> None:
        """Set the hidden fields to this edition's language and versions."""
        self.language.data = edition.language
        self.text_version.data = str(edition.text.version)
        self.notice_version.data = str(edition.notice.version)

    def submission(self) -> Submission:
        """Return the answers of a valid form."""
        return Submission(
            name=self.answer("name"),
            affiliation=self.answer("affiliation"),
            country=self.answer("country"),
            email=self.email.address(),
            comment=self.answer("comment"),
            visibility=Visibility(self.visibility.data),
            updates=bool(self.updates.data),
        )
