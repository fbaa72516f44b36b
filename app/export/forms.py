"""The export form: which rows, in which format, for whom."""

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, DateField, Field, RadioField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, Optional, ValidationError

from app.export.rows import VERIFIED, Choice
from app.models import Format, State
from app.organisers.forms import OrganiserForm
from app.web import countries
from app.web.typed_text import tidy_line

KINDS = (
    SelectChoice("pdf", _("PDF: the delivery, with the text and the numbered list, to hand over")),
    SelectChoice("xlsx", _("XLSX: for Excel and other spreadsheets")),
    SelectChoice("csv", _("CSV: for programs (UTF-8, commas)")),
    SelectChoice("excel", _("CSV for Excel: opens right in every country and script")),
    SelectChoice("json", _("JSON: for programs")),
)
TRIAL_KINDS = KINDS[1:]  # a PDF is typeset by the worker, as a delivery
STATES = (
    SelectChoice(State.VERIFIED.value, _("verified")),
    SelectChoice(State.INVALIDATED.value, _("invalidated")),
    SelectChoice(State.WITHDRAWN.value, _("withdrawn (without names)")),
)


class ExportForm(OrganiserForm):
    """Which rows, in which file, for whom."""

    recipient = StringField(
        _("Who gets this list?"),
        filters=[tidy_line],
        validators=[DataRequired(_("Please say who gets it: it is recorded.")), Length(max=300)],
    )
    kind = RadioField(_("As what?"), choices=KINDS, default="pdf")
    for_addressee = BooleanField(
        _("For the addressee: where somebody chose to be seen by organisers only, the name is left out"), default=True
    )
    countries = SelectMultipleField(_("Only these countries"), validate_choice=False)
    since = DateField(_("Verified from"), validators=[Optional()])
    until = DateField(_("Verified until"), validators=[Optional()])
    states = SelectMultipleField(_("Which signatures"), choices=STATES, default=[State.VERIFIED.value])
    with_email = BooleanField(_("With the e-mail addresses of those who agreed to updates"))

    def offer(self, signed_from: list[tuple[str, int]], *, emails: bool) -> None:
        """Offer the countries that were signed from, and e-mail addresses to owners alone."""
        self.countries.choices = [(code, f"{countries.country_name(code)} ({number})") for code, number in signed_from]
        if not emails:
            del self.with_email

    def validate_countries(self, field: Field) -> None:
        """Refuse unknown country codes."""
        if set(field.data or ()) - countries.CODES:
            raise ValidationError(_("Please choose countries from the list."))

    def validate_states(self, field: Field) -> None:
        """Refuse a delivery of anything but verified signatures."""
        kind = self.kind.data if self.kind else ""
        if kind == Format.PDF and self._emails():
            raise ValidationError(_("The PDF is the delivery, so it never has an e-mail address."))
        if kind == Format.PDF and set(field.data or VERIFIED) != set(VERIFIED):
            raise ValidationError(_("The PDF is the delivery, so it has verified signatures only."))

    def validate_for_addressee(self, field: Field) -> None:
        """Refuse a list for the addressee with unverified signatures or e-mail addresses."""
        if field.data and (self._emails() or set(self.states.data or VERIFIED) != set(VERIFIED)):
            raise ValidationError(_("The addressee gets verified signatures only, and never an e-mail address."))

    def format(self) -> Format:
        """Return the file format of a valid form."""
        return Format.CSV if self.kind.data == "excel" else Format(self.kind.data)

    def choice(self) -> Choice:
        """Return the choice of rows in a valid form."""
        return Choice(
            states=frozenset(State(word) for word in self.states.data or [State.VERIFIED.value]),
            countries=frozenset(self.countries.data or ()),
            since=self.since.data,
            until=self.until.data,
            for_addressee=bool(self.for_addressee.data),
            with_email=self._emails(),
        )

    def _emails(self) -> bool:
        return "with_email" in self and bool(self.with_email.data)


class QueryForm(ExportForm):
    """The same form as the query of a URL, for programs; every field is optional, and it changes nothing."""

    class Meta(OrganiserForm.Meta):
        """Flask-WTF's settings."""

        csrf = False

    recipient = None
    kind = None
    for_addressee = BooleanField()
    excel = BooleanField()


def query_errors(form: QueryForm) -> str:
    """Return the error message for an invalid query."""
    parts = [f"{name}: {errors[0]}" for name, errors in form.errors.items() if name]
    return " ".join([gettext("The address asks for something that cannot be had:"), *map(str, parts)])


def read_query(arguments: MultiDict[str, str]) -> QueryForm:
    """Return the form filled from the query of a URL."""
    form = QueryForm(arguments)
    form.offer([], emails=True)
    return form
