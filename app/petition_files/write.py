"""Write a petition file. Reading it again gives the same values."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from app.petition_files.content import PetitionFile

TOP_LEVEL_KEYS = (
    "slug",
    "language",
    "title",
    "started_by",
    "started_on",
    "goal",
    "closes_on",
    "discreet",
    "default_visibility",
    "statement",
    "addressed_to",
    "contact",
    "erase_after_days",
    "privacy",
    "thanks",
    "outcome_on",
    "outcome",
)
LISTS = ("initiators", "donations", "links")
SUBTABLES = ("labels", "words")
BARE_KEY = re.compile("[a-z_]+")
# Characters that must be escaped in a TOML 1.0 string: quotes, backslashes, control characters.
ESCAPED = re.compile(r'["\\\x00-\x08\x0b-\x1f\x7f]')


def write_petition_file(file: PetitionFile) -> str:
    """Return the petition file as text. Empty values are left out."""
    lines = [
        "+++",
        *_pairs({key: getattr(file, key) for key in TOP_LEVEL_KEYS}),
        "",
        *_table("[controller]", file.controller),
    ]
    lines += _table("[fields]", file.fields)
    lines += _table("[labels]", file.labels)
    for key in LISTS:
        for item in getattr(file, key):
            lines += _table(f"[[{key}]]", item)
    if file.elsewhere:
        lines += _table("[elsewhere]", file.elsewhere)
    for translation in file.translations:
        lines += _table("[[translations]]", {key: value for key, value in translation.items() if key not in SUBTABLES})
        for key in SUBTABLES:
            lines += _table(f"[translations.{key}]", translation[key])  # type: ignore[literal-required]
    return "\n".join([*lines[:-1], "+++", file.body, ""])


def _table(head: str, values: Mapping[str, Any]) -> list[str]:
    pairs = _pairs(values)
    return [head, *pairs, ""] if pairs else []


def _pairs(values: Mapping[str, Any]) -> list[str]:
    return [f"{_key(key)} = {_toml(value)}" for key, value in values.items() if _has_value(key, value)]


def _has_value(key: str, value: Any) -> bool:
    return value not in (None, "") and value is not False and (key, value) != ("erase_after_days", 0)


def _toml(value: str | int | bool | date) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _string(value)
    return str(value)


def _key(words: str) -> str:
    if BARE_KEY.fullmatch(words):
        return words
    return '"' + _escaped(words).replace("\n", "\\n") + '"'


def _escaped(text: str) -> str:
    return ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04X}" if match[0] not in '"\\' else f"\\{match[0]}", text)


def _string(text: str) -> str:
    escaped = _escaped(text)
    if "\n" not in text:
        return f'"{escaped}"'
    # A line of pluses would end the front matter.
    return '"""\n' + re.sub(r"^\+", r"\\u002B", escaped, flags=re.MULTILINE) + '\n"""'
