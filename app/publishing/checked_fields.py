"""Form fields that use the checks of a petition file, and rows of such fields."""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _
from wtforms import Field, FieldList, Form, FormField, StringField, TextAreaField
from wtforms.validators import StopValidation
from wtforms.widgets import DateInput

from app.petition_files.values import MAX_ROWS, Check, InvalidValue
from app.web.typed_text import ascii_digits, tidy_markdown, tidy_title

IN_GROUPS = re.compile(r"[0-9]{1,3}(?:[\s.,'’٬][0-9]{3})+")  # 1 500, 1.500, 1,500: whole numbers in some language
# A host with a dot, then perhaps a port, then perhaps the rest of a web address. No at sign: that is somebody's e-mail.
WITHOUT_SCHEME = re.compile(r"(?://)?((?:[^\s/?#@:.\\]+\.)+[^\s/?#@:.\\]+(?::[0-9]+)?(?:[/?#].*)?)")


class PetitionFileCheck:
    """WTForms validator that applies a petition file's check, and sets the field's data to the check's result.

    `read` turns the text into the value that the file would have; what cannot be seen is taken out before. A blank
    field is None, which is valid if the field is `optional`, or in a draft unless it is `always` required.
    """

    def __init__(
        self, check: Check, read: Callable[[str], Any], *, optional: bool, always: bool, max_length: int | None
    ) -> None:
        self.check, self.read, self.optional, self.always = check, read, optional, always
        self.field_flags = {"required": not optional} | ({"maxlength": max_length} if max_length else {})

    def __call__(self, form: Form, field: Field) -> None:
        """Check the field; raise StopValidation with the check's message, or the one for a blank field."""
        answers = field.data if isinstance(field.data, str) else ""
        if not answers.strip():
            field.data = None
            if self.always or not (self.optional or getattr(form, "is_draft", False)):
                raise StopValidation(_("This must not be empty."))
            raise StopValidation
        try:
            field.data = self.check("", self.read(answers))
        except InvalidValue as wrong:
            raise StopValidation(sentence(wrong)) from None


def sentence(wrong: InvalidValue) -> str:
    """Return what would be right as a sentence below a field."""
    return wrong.right[:1].upper() + wrong.right[1:]


def line(
    label: object,
    check: Check,
    read: Callable[[str], Any] = str,
    *,
    optional: bool = False,
    always: bool = False,
    max_length: int | None = None,
    widget: Any = None,
    **attributes: str,
) -> StringField:
    """Return a field of one line."""
    validator = PetitionFileCheck(check, read, optional=optional, always=always, max_length=max_length)
    return StringField(label, [validator], [_of_text(tidy_title)], widget=widget, render_kw=attributes)


def paragraphs(label: object, check: Check, rows: int, *, optional: bool = False) -> TextAreaField:
    """Return a field of several lines, `rows` of which are visible."""
    validator = PetitionFileCheck(check, str, optional=optional, always=False, max_length=None)
    return TextAreaField(label, [validator], [_of_text(tidy_markdown)], render_kw={"rows": rows})


def number(label: object, check: Check, *, optional: bool = False) -> StringField:
    """Return a field for a whole number."""
    return line(label, check, _number, optional=optional, inputmode="numeric")


def day(label: object, check: Check) -> StringField:
    """Return a field for a date, which may be left blank."""
    return line(label, check, _day, optional=True, widget=DateInput())


class RowForm(Form):  # type: ignore[misc]
    """One row of a list. Blank rows are ignored."""

    def is_blank(self) -> bool:
        """Return whether all fields of this row are blank."""
        return all(field.data is None or not str(field.data).strip() for field in self)

    def validate(self, extra_validators: Any = None) -> bool:
        """Check the row, unless it is blank."""
        return self.is_blank() or super().validate(extra_validators)

    def answers(self) -> dict[str, Any]:
        """Return a valid row's values, as in a petition file's table."""
        return {field.short_name: "" if field.data is None else field.data for field in self}


def rows(row: type[RowForm], label: object) -> FieldList:
    """Return a field for any number of rows; `label` names one row."""
    return FieldList(FormField(row), label)


def number_of_rows(posted: Iterable[str], lists: Iterable[str]) -> int:
    """Return the number of rows in the longest of these `lists`, from the names of posted fields.

    Much cheaper than making the form, which creates an object for each field of each row.
    """
    rows: dict[str, set[str]] = {name: set() for name in lists}
    for name in posted:
        listed, _dash, rest = name.partition("-")
        if listed in rows:
            rows[listed].add(rest.partition("-")[0])
    return max(map(len, rows.values()), default=0)


def values_of_rows(listed: FieldList) -> tuple[dict[str, Any], ...]:
    """Return the values of the rows that are not blank."""
    return tuple(entry.form.answers() for entry in listed if not entry.form.is_blank())


def add_rows(listed: FieldList, how_many: int) -> None:
    """Add blank rows at the end, up to MAX_ROWS in all."""
    for _row in range(min(how_many, MAX_ROWS - len(listed))):
        listed.append_entry()


class Mistake(NamedTuple):
    """A field with an error, and the label of its row, if it is in one."""

    field: Field
    where: str = ""


def mistakes(form: Form, where: str = "") -> Iterator[Mistake]:
    """Yield the fields with errors, also those in rows, in the form's order; `where` is the label of a row's form."""
    for field in form:
        if isinstance(field, FieldList):
            for number, entry in enumerate(field, 1):
                yield from mistakes(entry.form, f"{field.label.text} {number}")
        elif isinstance(field, FormField):
            yield from mistakes(field.form, str(field.label.text))
        elif field.errors:
            yield Mistake(field, where)


def web_address(text: str) -> str:
    """Return a web address that was typed without https:// with it; anything else as it is, for the check to refuse."""
    without_scheme = WITHOUT_SCHEME.fullmatch(text)
    return f"https://{without_scheme[1]}" if without_scheme else text


def _of_text(tidy: Callable[[str], str]) -> Callable[[Any], Any]:
    """Return the filter that tidies what was typed, and leaves a stored number or date alone."""
    return lambda data: tidy(data) if isinstance(data, str) else data


def _number(text: str) -> int | None:
    plain = ascii_digits(text)
    bare = re.sub(r"\D", "", plain) if IN_GROUPS.fullmatch(plain) else plain
    return int(bare) if bare.isascii() and bare.isdigit() and len(bare) < 20 else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(ascii_digits(text))
    except ValueError:
        return None
