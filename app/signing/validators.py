"""Validators for what signers type into a form."""

import unicodedata
from collections.abc import Callable

from flask_babel import lazy_gettext as _
from wtforms import Field
from wtforms.validators import ValidationError

from app.web.form import Form

MAX_COMBINING_MARKS = 6


def readable(form: Form, field: Field) -> None:
    """Refuse undecodable characters, and piles of combining marks: they break lists and exports."""
    text: str = field.data or ""
    if "\ufffd" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise ValidationError(_("Some of this could not be read. Please type it again."))
    marks = 0
    for category in map(unicodedata.category, text):
        if category != "Cf":  # a joiner between two marks does not end the pile
            marks = marks + 1 if category.startswith("M") else 0
        if marks > MAX_COMBINING_MARKS:
            raise ValidationError(_("There are too many accents on one letter in this. Please leave some out."))


def one_line(form: Form, field: Field) -> None:
    """Refuse a line break."""
    if "\n" in (field.data or "") or "\r" in (field.data or ""):
        raise ValidationError(_("Please write this on one line."))


class MaxLength:
    """Refuse more than `maximum` characters, and say how many there were; the browser gets the limit too."""

    def __init__(self, maximum: int) -> None:
        self.maximum = maximum
        self.field_flags = {"maxlength": maximum}

    def __call__(self, form: Form, field: Field) -> None:
        number = len(field.data or "")
        if number > self.maximum:
            words = _(
                "Please shorten this to %(most)d characters. It has %(number)d.", most=self.maximum, number=number
            )
            raise ValidationError(words)


def required(message: object) -> Callable[[Form, Field], None]:
    """Return a validator that refuses an empty answer with this message."""

    def check(form: Form, field: Field) -> None:
        if not field.data:
            raise ValidationError(message)

    return check
