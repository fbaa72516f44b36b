"""The forms for the content of a petition, as in a petition file."""

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField
from wtforms import BooleanField, Field, FormField, HiddenField, RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from app import clock
from app.organisers.forms import OrganiserForm
from app.petition_files import values as values
from app.petition_files.content import NO_LABELS, PetitionFile
from app.petition_files.file import CONTROLLER, DONATION, ELSEWHERE, LINK, MAX_LABEL_LENGTH, checks, initiator
from app.publishing.checked_fields import RowForm, day, line, number, paragraphs, rows, values_of_rows, web_address
from app.web import countries
from app.web.address_field import tidy_address
from app.web.typed_text import plain_code

CHECK = checks("en")
INITIATOR = initiator("en")
MAX_ALT_LENGTH = 200
LABEL = values.line(MAX_LABEL_LENGTH)
USUAL = "usual"
DEFAULTS = (
    SelectChoice(USUAL, _("Only who gets the petition; if it is discreet, only the organisers")),
    SelectChoice("public", _("Everyone")),
    SelectChoice("delivery", _("Only who gets the petition")),
    SelectChoice("organisers", _("Only the organisers")),
)
ASKED = (
    SelectChoice("required", _("Required")),
    SelectChoice("optional", _("Optional")),
    SelectChoice("off", _("Not asked")),
)


class InitiatorRow(RowForm):
    """One of the people who launched the petition."""

    name = line(_("Name"), INITIATOR["name"])
    affiliation = line(_("Title or affiliation"), INITIATOR["affiliation"], optional=True)
    country = line(_("Country"), INITIATOR["country"], optional=True, widget=countries.country_select)


class LinkRow(RowForm):
    """A link to further reading."""

    title = line(_("What it is called"), LINK["title"])
    source = line(_("Who published it"), LINK["source"], optional=True)
    url = line(_("Its address"), LINK["url"], web_address, optional=True, inputmode="url")


class ElsewhereRow(RowForm):
    """Signatures gathered elsewhere."""

    count = number(_("How many"), ELSEWHERE["count"])
    source = line(_("Where they were gathered"), ELSEWHERE["source"])
    url = line(_("Address of a page about them"), ELSEWHERE["url"], web_address, optional=True, inputmode="url")


class DonationRow(RowForm):
    """A bank account for donations."""

    recipient = line(_("Recipient"), DONATION["recipient"])
    iban = line(_("IBAN"), DONATION["iban"], plain_code, autocapitalize="characters")
    currency = line(_("Currency"), DONATION["currency"], plain_code, optional=True)
    bank = line(_("Bank"), DONATION["bank"], optional=True)
    note = paragraphs(_("What for"), DONATION["note"], 2, optional=True)


class PartForm(OrganiserForm):
    """A part of a petition. `base` is the part's digest when the form was opened."""

    is_draft = False
    lists: tuple[str, ...] = ()
    base = HiddenField()

    def answers(self) -> dict[str, Any]:
        """Return a valid form's values, by key of a petition file."""
        raise NotImplementedError


class WordsForm(PartForm):
    """The words in one language."""

    title = line(_("Title"), CHECK["title"], always=True, max_length=200)
    statement = paragraphs(_("What people sign"), CHECK["statement"], 5)
    body = paragraphs(_("The reasons"), CHECK["privacy"], 16, optional=True)
    thanks = paragraphs(_("Words of thanks"), CHECK["thanks"], 5, optional=True)

    def answers(self) -> dict[str, Any]:
        return {"title": self.title.data, **{key: self[key].data or "" for key in ("statement", "body", "thanks")}}


class OutcomeForm(PartForm):
    """What became of a closed petition, and when."""

    outcome = paragraphs(_("What became of it"), CHECK["outcome"], 16, optional=True)
    outcome_on = day(_("Day of the outcome"), CHECK["outcome_on"])

    def answers(self) -> dict[str, Any]:
        return {"outcome": self.outcome.data or "", "outcome_on": self.outcome_on.data if self.outcome.data else None}


class DetailsForm(PartForm):
    """Who started it and when, goal, last day, the sign form's fields, initiators, links: saved in steps."""

    is_open = False
    lists = ("initiators", "links")
    # Of the petition file. Of an open petition only owners change the last day.
    steps: ClassVar[dict[str, tuple[str, ...]]] = {
        "basics": ("started_by", "started_on", "goal", "closes_on"),
        "names": ("discreet", "default_visibility"),
        "questions": ("fields", "labels"),
        "initiators": ("initiators",),
        "links": ("links",),
        "elsewhere": ("elsewhere",),
    }
    started_by = line(_("Started by"), CHECK["started_by"], max_length=200)
    started_on = day(_("Started on"), CHECK["started_on"])
    goal = number(_("Goal"), CHECK["goal"], optional=True)
    closes_on = day(_("Last day for signing"), CHECK["closes_on"])
    discreet = BooleanField(_("Discreet: keep the cause out of e-mails"))
    default_visibility = RadioField(_("Who may see a name, unless its signer chooses otherwise"), choices=DEFAULTS)
    affiliation_field = RadioField(_("Title or affiliation"), choices=ASKED)
    country_field = RadioField(_("Country"), choices=ASKED)
    comment_field = RadioField(_("Comment"), choices=ASKED)
    affiliation_label = line(_("Title or affiliation"), LABEL, optional=True, max_length=MAX_LABEL_LENGTH)
    country_label = line(_("Country"), LABEL, optional=True, max_length=MAX_LABEL_LENGTH)
    comment_label = line(_("Comment"), LABEL, optional=True, max_length=MAX_LABEL_LENGTH)
    initiators = rows(InitiatorRow, _("Initiator"))
    links = rows(LinkRow, _("Link"))
    elsewhere = FormField(ElsewhereRow, _("Paper and other signatures"))

    def validate_closes_on(self, field: Field) -> None:
        """Refuse a last day in the past, which would close an open petition by mistake."""
        if self.is_open and field.data and field.data < clock.now().date():
            raise ValidationError(_("This day is over. Choose a later one; to end signing now, close the petition."))

    @staticmethod
    def of(file: PetitionFile) -> dict[str, Any]:
        """Return the fields' data for what a petition says."""
        return {
            "started_by": file.started_by,
            "started_on": file.started_on,
            "goal": file.goal,
            "closes_on": file.closes_on,
            "discreet": file.discreet,
            "default_visibility": file.default_visibility or USUAL,
            **{f"{name}_field": choice for name, choice in file.fields.items()},
            **{f"{name}_label": words for name, words in file.labels.items()},
            "initiators": [{**initiator} for initiator in file.initiators],
            "links": [{**link} for link in file.links],
            "elsewhere": {**file.elsewhere} if file.elsewhere else None,
        }

    def keep(self, keys: tuple[str, ...]) -> None:
        """Remove the fields that are not for these keys."""
        of_questions = {f"{name}_{kind}" for kind in ("field", "label") for name in NO_LABELS if f"{kind}s" in keys}
        for name in set(self._fields) - {*keys, *of_questions, "base", "csrf_token"}:
            del self[name]
        self.keys = keys

    def answers(self) -> dict[str, Any]:
        return {key: self._answer(key) for key in self.keys}

    def _answer(self, key: str) -> Any:
        if key in {"fields", "labels"}:
            return {name: self[f"{name}_{key[:-1]}"].data or "" for name in NO_LABELS}
        if key in self.lists:
            return values_of_rows(self[key])
        if key == "elsewhere":
            return None if self.elsewhere.form.is_blank() else self.elsewhere.form.answers()
        if key == "default_visibility":
            return None if self.default_visibility.data == USUAL else self.default_visibility.data
        return (self.started_by.data or "") if key == "started_by" else self[key].data


class TrustForm(PartForm):
    """Where money goes, who answers for the data, who gets it and until when."""

    lists = ("donations",)
    controller_name = line(_("Name"), CONTROLLER["name"], max_length=200)
    controller_address = paragraphs(_("Postal address"), CONTROLLER["address"], 3)
    controller_email = line(_("E-mail"), CONTROLLER["email"], tidy_address, inputmode="email")
    addressed_to = paragraphs(_("Addressee: who gets the list"), CHECK["addressed_to"], 2)
    contact = line(_("Where signers can write to"), CHECK["contact"], max_length=254)
    erase_after_days = number(_("Days after closing until the data is erased"), CHECK["erase_after_days"])
    privacy = paragraphs(_("More about what happens with the data"), CHECK["privacy"], 6, optional=True)
    donations = rows(DonationRow, _("Account"))

    @staticmethod
    def of(file: PetitionFile) -> dict[str, Any]:
        """Return the fields' data for what a petition says."""
        return {
            **{f"controller_{key}": value for key, value in file.controller.items()},
            "addressed_to": file.addressed_to,
            "contact": file.contact,
            "erase_after_days": file.erase_after_days or None,
            "privacy": file.privacy,
            "donations": [{**donation} for donation in file.donations],
        }

    def answers(self) -> dict[str, Any]:
        return {
            "controller": {key: self[f"controller_{key}"].data or "" for key in ("name", "address", "email")},
            "addressed_to": self.addressed_to.data or "",
            "contact": self.contact.data or "",
            "erase_after_days": self.erase_after_days.data or 0,
            "privacy": self.privacy.data or "",
            "donations": values_of_rows(self.donations),
        }


class ImportForm(OrganiserForm):
    """A petition file to import; or, with `fingerprint`, content and name of one whose changes were reviewed."""

    file = FileField(_("Petition file"), render_kw={"accept": ".md,.txt,text/markdown,text/plain"})
    content = HiddenField()
    name = HiddenField()
    fingerprint = HiddenField()


class ImageForm(OrganiserForm):
    """A header image, and its text alternative."""

    file = FileField(_("Image file"), render_kw={"accept": "image/jpeg,image/png,image/webp,image/gif"})
    alt = line(_("What the image shows, in words"), values.line(MAX_ALT_LENGTH), always=True, max_length=MAX_ALT_LENGTH)


class ReopenForm(OrganiserForm):
    """The new last day of a petition that opens again."""

    closes_on = day(_("New last day for signing"), CHECK["closes_on"])
