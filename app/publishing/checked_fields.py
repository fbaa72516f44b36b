"""Form fields whose values are held to the checks of a petition file, and rows of such fields."""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _
from wtforms import Field, FieldList, Form, FormField, StringField, TextAreaField
from wtforms.validators import StopValidation
from wtforms.widgets import DateInput

from app.petition_files.values import MAX_ROWS, Check, InvalidValue

SPARE_ROWS = 2
IN_GROUPS = re.compile(r"[0-9]{1,3}(?:[\s.,'’][0-9]{3})+")  # 1 500, 1.500, 1,500: a whole number to whoever types it


class PetitionFileCheck:
    """Hold a field to a petition file's check, and give the field what the check gives (a WTForms validator).

    `read` makes of the text what the file would have in its place. What is left blank is None; that is right where the
    field is `optional`, and in a draft, but for what is `always` needed.
    """

    def __init__(
        self, check: Check, read: Callable[[str], Any], *, optional: bool, always: bool, most: int | None
    ) -> None:
        self.check, self.read, self.optional, self.always = check, read, optional, always
        self.field_flags = {"required": not optional} | ({"maxlength": most} if most else {})

    def __call__(self, form: Form, field: Field) -> None:
        """Check the field; raise StopValidation with the words of the check, or those for a blank field."""
        answers = field.data if isinstance(field.data, str) else ""
        if not answers.strip():
            field.data = None
            if self.always or not (self.optional or getattr(form, "is_draft", False)):
                raise StopValidation(_("This must not be empty."))
            raise StopValidation
        try:
            field.data = self.check("", self.read(answers))
        except InvalidValue as wrong:
            raise StopValidation(wrong.right[:1].upper() + wrong.right[1:]) from None


def line(
    label: object,
    check: Check,
    read: Callable[[str], Any] = str.strip,
    *,
    optional: bool = False,
    always: bool = False,
    most: int | None = None,
    widget: Any = None,
    **attributes: str,
) -> StringField:
    """Return a field of one line."""
    validator = PetitionFileCheck(check, read, optional=optional, always=always, most=most)
    return StringField(label, validators=[validator], widget=widget, render_kw=attributes)


def paragraphs(label: object, check: Check, rows: int, *, optional: bool = False) -> TextAreaField:
    """Return a field of several lines, that many of which are seen."""
    validator = PetitionFileCheck(check, str, optional=optional, always=False, most=None)
    return TextAreaField(label, validators=[validator], render_kw={"rows": rows})


def number(label: object, check: Check, *, optional: bool = False) -> StringField:
    """Return a field for a whole number."""
    return line(label, check, _number, optional=optional, inputmode="numeric")


def day(label: object, check: Check) -> StringField:
    """Return a field for a date, which may be left blank."""
    return line(label, check, _day, optional=True, widget=DateInput())


class RowForm(Form):  # type: ignore[misc]
    """One of several things of a kind. A row that is left blank counts as not there."""

    def is_blank(self) -> bool:
        """Return whether nothing is answers in this row."""
        return all(field.data is None or not str(field.data).strip() for field in self)

    def validate(self, extra_validators: Any = None) -> bool:
        """Check the row, unless it is blank."""
        return self.is_blank() or super().validate(extra_validators)

    def answers(self) -> dict[str, Any]:
        """Return what a valid row says, as a petition file's table does."""
        return {field.short_name: "" if field.data is None else field.data for field in self}


def rows(row: type[RowForm], label: object) -> FieldList:
    """Return a field for any number of rows; `label` is what one of them is called."""
    return FieldList(FormField(row), label)


def number_of_rows(posted: Iterable[str], lists: Iterable[str]) -> int:
    """Return how many rows the fullest of these `lists` has among the names of fields that were posted.

    It costs little beside the form, which makes an object of each field of each row.
    """
    rows: dict[str, set[str]] = {name: set() for name in lists}
    for name in posted:
        listed, _dash, rest = name.partition("-")
        if listed in rows:
            rows[listed].add(rest.partition("-")[0])
    return max(map(len, rows.values()), default=0)


def values_of_rows(listed: FieldList) -> tuple[dict[str, Any], ...]:
    """Return what the valid rows say that are not blank."""
    return tuple(entry.form.answers() for entry in listed if not entry.form.is_blank())


def add_spare_rows(listed: FieldList) -> None:
    """Let some blank rows stand at the end."""
    add_rows(listed, SPARE_ROWS - sum(entry.form.is_blank() for entry in listed))


def add_rows(listed: FieldList, how_many: int) -> None:
    """Add blank rows at the end, as far as there may be more."""
    for _row in range(min(how_many, MAX_ROWS - len(listed))):
        listed.append_entry()


class Mistake(NamedTuple):
    """A field with something wrong in it, and what the row is called that it stands in, if it does."""

    field: Field
    where: str = ""


def mistakes(form: Form, where: str = "") -> Iterator[Mistake]:
    """Yield what is wrong in a form, in rows too, in its order; `where` is the row that the form is."""
    for field in form:
        if isinstance(field, FieldList):
            for number, entry in enumerate(field, 1):
                yield from mistakes(entry.form, f"{field.label.text} {number}")
        elif isinstance(field, FormField):
            yield from mistakes(field.form, str(field.label.text))
        elif field.errors:
            yield Mistake(field, where)


def _number(text: str) -> int | None:
    bare = re.sub(r"\D", "", text) if IN_GROUPS.fullmatch(text.strip()) else text.strip()
    return int(bare) if bare.isascii() and bare.isdigit() and len(bare) < 20 else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None
