"""Compare what a petition says with what it would say: word by word for people, by a digest for forms."""

import hashlib
import json
from datetime import date
from typing import Any

from flask_babel import gettext as _

from app.petitions.difference import DiffPiece, diff_words
from app.publishing.forms import ASKED, DetailsForm
from app.web import language

Differences = list[tuple[str, tuple[DiffPiece, ...]]]


def content_digest(said: dict[str, Any]) -> str:
    """Return what stands for all this as it is: any change of it gives another one."""
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()[:32]


def differences(before: dict[str, Any], after: dict[str, Any]) -> Differences:
    """Return, by key of a petition file, how what is said there differs, in words."""
    pairs = ((key, _in_words(key, before[key]), _in_words(key, after[key])) for key in before)
    return [(key, diff_words(old, new)) for key, old, new in pairs if old != new]


def _in_words(key: str, value: Any) -> str:
    if key == "fields":
        return _asked(value)
    if isinstance(value, dict):
        return "\n".join(_in_words(name, one) for name, one in value.items() if one not in ("", None))
    if isinstance(value, list | tuple):
        return "\n\n".join(_in_words(key, one) for one in value)
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if key == "language":
        return language.display_name(value)
    return value.isoformat() if isinstance(value, date) else "" if value is None else str(value)


def _asked(fields: dict[str, str]) -> str:
    """Return what the form asks in the words of the form on which organisers choose it."""
    choices = {choice.value: choice.label for choice in ASKED}
    labels = {name: getattr(DetailsForm, f"{name}_field").args[0] for name in ("affiliation", "country", "comment")}
    return "\n".join(f"{label}: {choices[fields[name]]}" for name, label in labels.items())
