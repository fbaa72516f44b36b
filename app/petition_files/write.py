"""Write a petition file: what `read` gives back as it was."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from app.petition_files.file import PetitionFile

PLAIN = (
    "slug",
    "language",
    "title",
    "started_by",
    "started_on",
    "goal",
    "closes_on",
    "discreet",
    "statement",
    "addressed_to",
    "contact",
    "erase_after_days",
    "privacy",
)
LISTS = ("initiators", "donations", "links", "translations")
# What a string of TOML 1.0 cannot hold as it is: quotes, backslashes, control characters.
ESCAPED = re.compile(r'["\\\x00-\x08\x0b-\x1f\x7f]')


def write_petition_file(file: PetitionFile) -> str:
    """Return the text of the petition file that says all this. What is empty is left out."""
    lines = ["+++", *_pairs({key: getattr(file, key) for key in PLAIN}), "", *_table("[controller]", file.controller)]
    lines += _table("[fields]", file.fields)
    for key in LISTS:
        for each in getattr(file, key):
            lines += _table(f"[[{key}]]", each)
    if file.elsewhere:
        lines += _table("[elsewhere]", file.elsewhere)
    return "\n".join([*lines[:-1], "+++", file.body, ""])


def _table(head: str, values: Mapping[str, Any]) -> list[str]:
    pairs = _pairs(values)
    return [head, *pairs, ""] if pairs else []


def _pairs(values: Mapping[str, Any]) -> list[str]:
    return [f"{key} = {_toml(value)}" for key, value in values.items() if _is_said(key, value)]


def _is_said(key: str, value: Any) -> bool:
    return value not in (None, "") and value is not False and (key, value) != ("erase_after_days", 0)


def _toml(value: str | int | bool | date) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _string(value)
    return str(value)


def _string(text: str) -> str:
    written = ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04X}" if found[0] not in '"\\' else f"\\{found[0]}", text)
    if "\n" not in text:
        return f'"{written}"'
    # A line of pluses would end the front matter.
    return '"""\n' + re.sub(r"^\+", r"\\u002B", written, flags=re.MULTILINE) + '\n"""'
