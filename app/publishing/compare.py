"""Compare a petition's content before and after a change: word by word for people, by a digest for forms."""

import hashlib
import json
from datetime import date
from typing import Any

from flask_babel import gettext as _

from app.petition_files.content import DEFAULT_FIELDS
from app.petitions.difference import DiffPiece, diff_words
from app.publishing.forms import ASKED, DetailsForm
from app.web import language

Differences = list[tuple[str, tuple[DiffPiece, ...]]]


def content_digest(content: dict[str, Any]) -> str:
    """Return a SHA-256 digest of the content, cut to 32 hexadecimal digits."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:32]


def differences(before: dict[str, Any], after: dict[str, Any]) -> Differences:
    """Return the differences as text, by key of a petition file."""
    pairs = ((key, _as_text(key, before[key]), _as_text(key, after[key])) for key in before)
    return [(key, diff_words(old, new)) for key, old, new in pairs if old != new]


def _as_text(key: str, value: Any) -> str:
    if key == "fields":
        return _form_fields_in_words(value)
    if key == "labels":
        return "\n".join(f"{label}: {value[name]}" for name, label in _questions().items() if value[name])
    if key == "words":
        return "\n".join(f"{original} = {words}" for original, words in value.items())
    if isinstance(value, dict):
        return "\n".join(filter(None, (_as_text(name, item) for name, item in value.items())))
    if isinstance(value, list | tuple):
        return "\n\n".join(_as_text(key, item) for item in value)
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if key == "language":
        return language.display_name(value)
    return value.isoformat() if isinstance(value, date) else "" if value is None else str(value)


def _form_fields_in_words(fields: dict[str, str]) -> str:
    """Return which fields the sign form has, with the labels of the details form."""
    choices = {choice.value: choice.label for choice in ASKED}
    return "\n".join(f"{label}: {choices[fields[name]]}" for name, label in _questions().items())


def _questions() -> dict[str, Any]:
    return {name: getattr(DetailsForm, f"{name}_field").args[0] for name in DEFAULT_FIELDS}
