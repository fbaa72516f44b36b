"""A petition file: TOML between `+++` lines, then Markdown; read whole, or refused with what would be right."""

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from app.models import Donation, Elsewhere, Initiator, Link
from app.petitions import file_values as values

NEEDED = (
    "slug",
    "language",
    "title",
    "started_by",
    "statement",
    "addressed_to",
    "contact",
    "erase_after_days",
    "controller",
)
LONGEST_TEXT = 100_000
LONGEST_KEEPING = 3650


class BadPetitionFile(Exception):
    """The file cannot be imported; the text names the file, the key, and what would be right."""


@dataclass(frozen=True, slots=True)
class PetitionFile:
    """What a petition file says, checked."""

    slug: str
    language: str
    title: str
    started_by: str
    statement: str
    addressed_to: str
    contact: str
    erase_after_days: int
    controller: dict[str, str]
    body: str
    fields: dict[str, str]
    started_on: date | None = None
    goal: int | None = None
    closes_on: date | None = None
    discreet: bool = False
    privacy: str = ""
    initiators: tuple[Initiator, ...] = ()
    donations: tuple[Donation, ...] = ()
    links: tuple[Link, ...] = ()
    elsewhere: Elsewhere | None = None


def read(path: Path) -> PetitionFile:
    """Return what the petition file at `path` says; raise BadPetitionFile if anything in it is wrong."""
    try:
        front, body = _parts(path.read_text("utf-8"))
        return _checked(tomllib.loads(front), body)
    except UnicodeDecodeError:
        raise BadPetitionFile(f"{path}: the file must be text in UTF-8.") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadPetitionFile(f"{path}: between the +++ lines there must be TOML: {error}") from None
    except values.Wrong as wrong:
        raise BadPetitionFile(f"{path}: {wrong}") from None


def _parts(text: str) -> tuple[str, str]:
    found = re.fullmatch(r"\ufeff?\+\+\+[ \t]*\r?\n(.*?)^\+\+\+[ \t]*(?:\r?\n(.*))?", text, re.DOTALL | re.MULTILINE)
    if not found:
        raise values.Wrong(
            "+++", "the file must begin with a line +++, then TOML, a line +++, and the petition's Markdown."
        )
    body = (found[2] or "").strip()
    return found[1].replace("\r\n", "\n"), values.text(LONGEST_TEXT, empty=True)("the Markdown below +++", body)


def _checked(front: dict[str, Any], body: str) -> PetitionFile:
    for key in NEEDED:
        if key not in front:
            raise values.Wrong(key, "is missing, and must be given.")
    language = values.language("language", front["language"])
    known: dict[str, values.Check] = {
        "slug": values.slug,
        "language": values.language,
        "title": values.line(200),
        "started_by": values.line(200),
        "started_on": values.day,
        "goal": values.whole_number(1, 2_000_000_000),
        "closes_on": values.day,
        "discreet": values.yes_or_no,
        "statement": values.text(LONGEST_TEXT),
        "addressed_to": values.text(1000),
        "contact": values.line(254),
        "erase_after_days": values.whole_number(1, LONGEST_KEEPING),
        "controller": values.table(name=values.line(200), address=values.text(500), email=values.email),
        "privacy": values.text(LONGEST_TEXT, empty=True),
        "fields": values.table(affiliation=values.field, country=values.field, comment=values.field, optional=True),
        "initiators": values.list_of(
            values.table(
                name=values.line(200),
                affiliation=values.maybe(values.line(500)),
                country=values.maybe(values.country(language)),
            )
        ),
        "donations": values.list_of(
            values.table(
                recipient=values.line(200),
                iban=values.iban,
                currency=values.maybe(values.currency),
                bank=values.maybe(values.line(200)),
                note=values.maybe(values.text(500)),
            )
        ),
        "links": values.list_of(
            values.table(title=values.line(300), source=values.maybe(values.line(200)), url=values.maybe(values.url))
        ),
        "elsewhere": values.table(
            count=values.whole_number(0, 2_000_000_000), source=values.line(200), url=values.maybe(values.url)
        ),
    }
    said = values.each("", front, known)
    asked = {"affiliation": "optional", "country": "required", "comment": "optional"} | said.pop("fields", {})
    return PetitionFile(**said, fields=asked, body=body)
