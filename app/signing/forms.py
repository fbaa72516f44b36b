"""The questions that a signer is asked, on the sign form and again on the confirm page."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, EmailField, Field, HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from app.email_address import LONGEST, NotAnAddress, deliverable
from app.models import Petition, Visibility
from app.petitions.page import Edition
from app.web import countries
from app.web.form import Form

LONGEST_NAME = 100
LONGEST_AFFILIATION = 200
LONGEST_COMMENT = 1000
MOST_MARKS = 6
# Characters that are not seen and turn the text around them; right-to-left letters themselves are welcome.
TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
# What shows nothing by itself: kinds of characters, and some that pass for letters or signs.
UNSEEN_KINDS = {"Cc", "Cf", "Me", "Mn", "Zl", "Zp", "Zs"}
UNSEEN = "\u115f\u1160\u2800\u3164\uffa0"


@dataclass(frozen=True, slots=True)
class Submission:
    """What a signer said, checked and tidied."""

    name: str
    affiliation: str
    country: str
    email: str
    comment: str
    visibility: Visibility
    updates: bool


def tidy_line(text: str | None) -> str:
    """Return `text` as Unicode NFC with single spaces and none around it; nothing if nothing in it can be seen."""
    return _seen(re.sub(r"[^\S\r\n]+", " ", unicodedata.normalize("NFC", text or "")).strip())


def tidy_paragraphs(text: str | None) -> str:
    """Return `text` as Unicode NFC with one kind of line break, spaces for tabs, and no space around it."""
    one_kind = unicodedata.normalize("NFC", text or "").replace("\r\n", "\n").replace("\r", "\n")
    return _seen(one_kind.replace("\t", " ").strip())


def _seen(text: str) -> str:
    return text if any(unicodedata.category(c) not in UNSEEN_KINDS and c not in UNSEEN for c in text) else ""


def _readable(form: Form, field: Field) -> None:
    """Refuse characters that nobody sees but that break lists, letters and exports."""
    text: str = field.data or ""
    if "\ufffd" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise ValidationError(_("Some of this could not be read. Please type it again."))
    if TURNING.search(text) or any(unicodedata.category(c) == "Cc" and c != "\n" for c in text):
        raise ValidationError(_("There is a character in this that cannot be seen. Please type it again by hand."))
    marks = 0
    for kind in map(unicodedata.category, text):
        if kind != "Cf":  # joiners between marks do not make them fewer
            marks = marks + 1 if kind.startswith("M") else 0
        if marks > MOST_MARKS:
            raise ValidationError(_("There are too many accents on one letter in this. Please leave some out."))


def _one_line(form: Form, field: Field) -> None:
    if "\n" in (field.data or "") or "\r" in (field.data or ""):
        raise ValidationError(_("Please write this on one line."))


class _AtMost:
    """Refuse more than `most` characters, say how many there were, and tell the browser the limit."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.field_flags = {"maxlength": most}

    def __call__(self, form: Form, field: Field) -> None:
        number = len(field.data or "")
        if number > self.most:
            words = _("Please shorten this to %(most)d characters. It has %(number)d.", most=self.most, number=number)
            raise ValidationError(words)


def _line(label: object, most: int, **attributes: str) -> StringField:
    return StringField(
        label, filters=[tidy_line], validators=[_one_line, _readable, _AtMost(most)], render_kw=attributes
    )


def _required(words: object) -> Callable[[Form, Field], None]:
    def check(form: Form, field: Field) -> None:
        if not field.data:
            raise ValidationError(words)

    return check


class SignerForm(Form):
    """What is asked twice: who signs, from where, and who may see it."""

    name = _line(_("Your name"), LONGEST_NAME, autocomplete="name")
    affiliation = _line(_("Title or affiliation"), LONGEST_AFFILIATION, autocomplete="organization-title")
    country = StringField(_("Country of origin"), widget=countries.select, render_kw={"autocomplete": "country"})
    comment = TextAreaField(
        _("Comment"), filters=[tidy_paragraphs], validators=[_readable, _AtMost(LONGEST_COMMENT)], render_kw={"rows": 3}
    )
    visibility = RadioField(
        _("Who may see your name?"),
        choices=[
            SelectChoice(
                Visibility.PUBLIC.value,
                _("Everyone: it is shown on this site, with your affiliation, country and comment"),
            ),
            SelectChoice(
                Visibility.DELIVERY.value, _("Only who gets the petition: it is in the list for the addressee")
            ),
            SelectChoice(
                Visibility.ORGANISERS.value, _("Only the organisers: you are counted, the list shows a number")
            ),
        ],
        default=Visibility.DELIVERY.value,
        validate_choice=False,
    )
    updates = BooleanField(_("Yes, write to me about this petition now and then"))

    def ask(self, petition: Petition) -> None:
        """Keep the questions that this petition asks; the name must always be given."""
        self._must("name", _("Please tell us your name."))
        for field, choice, words in (
            ("affiliation", petition.affiliation_field, _("Please tell us your title or affiliation.")),
            ("country", petition.country_field, _("Please choose your country.")),
            ("comment", petition.comment_field, _("Please write a comment.")),
        ):
            if choice == "off":
                del self[field]
            elif choice == "required":
                self._must(field, words)

    def said(self, field: str) -> str:
        """Return what was said in `field`, or nothing where it is not asked."""
        return str(self[field].data or "") if field in self else ""

    def validate_country(self, field: Field) -> None:
        """Refuse a country that is not on the list."""
        if field.data and field.data not in countries.CODES:
            raise ValidationError(_("Please choose a country from the list."))

    def validate_visibility(self, field: Field) -> None:
        """Refuse a choice that was not offered."""
        if field.data not in set(Visibility):
            raise ValidationError(_("Please choose who may see your name."))

    def _must(self, name: str, words: object) -> None:
        self[name].validators = [_required(words), *self[name].validators]
        self[name].flags.required = True


class SignForm(SignerForm):
    """The sign form: who signs, the address to confirm it by, and which words were read."""

    email = EmailField(
        _("E-mail"), filters=[tidy_line], validators=[_AtMost(LONGEST)], render_kw={"autocomplete": "email"}
    )
    language = HiddenField()
    text_version = HiddenField()
    notice_version = HiddenField()

    def ask(self, petition: Petition) -> None:
        """Keep the questions that this petition asks; name and e-mail must always be given."""
        super().ask(petition)
        self._must("email", _("Please give your e-mail address. Your signature counts once you confirm it."))

    @classmethod
    def blank(cls, edition: Edition) -> "SignForm":
        """Return the empty form as this edition's page carries it."""
        form = cls(formdata=None)
        form.ask(edition.petition)
        form.renew(edition)
        return form

    def is_superseded(self, edition: Edition) -> bool:
        """Tell whether the page that this came from showed other words than the edition's."""
        seen = (self.text_version.data, self.notice_version.data)
        return seen != (str(edition.text.version), str(edition.notice.version))

    def renew(self, edition: Edition) -> None:
        """Let the form say that it stands below this edition's words."""
        self.language.data = edition.language
        self.text_version.data = str(edition.text.version)
        self.notice_version.data = str(edition.notice.version)

    def validate_email(self, field: Field) -> None:
        """Refuse what no letter can be sent to."""
        try:
            deliverable(field.data or "")
        except NotAnAddress:
            raise ValidationError(
                _("This is not a complete e-mail address. It looks like name@example.org, without spaces or accents.")
            ) from None

    def submission(self) -> Submission:
        """Return what a valid form says."""
        return Submission(
            name=self.said("name"),
            affiliation=self.said("affiliation"),
            country=self.said("country"),
            email=deliverable(self.said("email")),
            comment=self.said("comment"),
            visibility=Visibility(self.visibility.data),
            updates=bool(self.updates.data),
        )
