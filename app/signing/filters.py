"""What people type into a form: tidied, and refused where it cannot be read or is too long."""

import re
import unicodedata
from collections.abc import Callable

from flask_babel import lazy_gettext as _
from wtforms import Field
from wtforms.validators import ValidationError

from app.web.form import Form

MAX_COMBINING_MARKS = 6
# Characters that are not seen and turn the text around them; right-to-left letters themselves are welcome.
BIDI_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")
# What shows nothing by itself: kinds of characters, and some that pass for letters or signs.
INVISIBLE_CATEGORIES = {"Cc", "Cf", "Me", "Mn", "Zl", "Zp", "Zs"}
INVISIBLE = "\u115f\u1160\u2800\u3164\uffa0"


def tidy_line(text: str | None) -> str:
    """Return `text` as Unicode NFC with single spaces and none around it; nothing if nothing in it can be seen."""
    return _seen(re.sub(r"[^\S\r\n]+", " ", unicodedata.normalize("NFC", text or "")).strip())


def tidy_paragraphs(text: str | None) -> str:
    """Return `text` as Unicode NFC with one kind of line break, spaces for tabs, and no space around it."""
    one_kind = unicodedata.normalize("NFC", text or "").replace("\r\n", "\n").replace("\r", "\n")
    return _seen(one_kind.replace("\t", " ").strip())


def _seen(text: str) -> str:
    return text if any(unicodedata.category(c) not in INVISIBLE_CATEGORIES and c not in INVISIBLE for c in text) else ""


def readable(form: Form, field: Field) -> None:
    """Refuse characters that nobody sees but that break lists, letters and exports."""
    text: str = field.data or ""
    if "\ufffd" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise ValidationError(_("Some of this could not be read. Please type it again."))
    if BIDI_CONTROLS.search(text) or any(unicodedata.category(c) == "Cc" and c != "\n" for c in text):
        raise ValidationError(_("There is a character in this that cannot be seen. Please type it again by hand."))
    marks = 0
    for kind in map(unicodedata.category, text):
        if kind != "Cf":  # joiners between marks do not make them fewer
            marks = marks + 1 if kind.startswith("M") else 0
        if marks > MAX_COMBINING_MARKS:
            raise ValidationError(_("There are too many accents on one letter in this. Please leave some out."))


def one_line(form: Form, field: Field) -> None:
    """Refuse a line break."""
    if "\n" in (field.data or "") or "\r" in (field.data or ""):
        raise ValidationError(_("Please write this on one line."))


class AtMost:
    """Refuse more than `most` characters, say how many there were, and tell the browser the limit."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.field_flags = {"maxlength": most}

    def __call__(self, form: Form, field: Field) -> None:
        number = len(field.data or "")
        if number > self.most:
            words = _("Please shorten this to %(most)d characters. It has %(number)d.", most=self.most, number=number)
            raise ValidationError(words)


def required(words: object) -> Callable[[Form, Field], None]:
    """Return what refuses an empty answer in these words."""

    def check(form: Form, field: Field) -> None:
        if not field.data:
            raise ValidationError(words)

    return check
