"""A petition file: TOML between `+++` lines, then Markdown; read whole, or refused with what would be right."""

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from babel import Locale, UnknownLocaleError
from babel.numbers import is_currency
from stdnum import iban as iban_rules
from stdnum.exceptions import ValidationError as BadIban

from app.email_address import NotAnAddress, deliverable
from app.models import Donation, Elsewhere, Initiator, Link
from app.models.petition import FIELD_CHOICES
from app.web.countries import code_of

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
YEARS = range(1900, 3000)  # the calendar of Python ends soon after, and days are added to dates
SLUG = re.compile("[a-z0-9]+(?:-[a-z0-9]+)*")
LANGUAGE = re.compile("[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-[A-Z]{2})?")


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


class _Wrong(Exception):
    """A value is wrong: `key` says where, the text what would be right."""

    def __init__(self, key: str, right: str) -> None:
        super().__init__(f"{key}: {right}")


Check = Callable[[str, Any], Any]


def read(path: Path) -> PetitionFile:
    """Return what the petition file at `path` says; raise BadPetitionFile if anything in it is wrong."""
    try:
        front, body = _parts(path.read_text("utf-8"))
        return _checked(tomllib.loads(front), body)
    except UnicodeDecodeError:
        raise BadPetitionFile(f"{path}: the file must be text in UTF-8.") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadPetitionFile(f"{path}: between the +++ lines there must be TOML: {error}") from None
    except _Wrong as wrong:
        raise BadPetitionFile(f"{path}: {wrong}") from None


def _parts(text: str) -> tuple[str, str]:
    found = re.fullmatch(r"\ufeff?\+\+\+[ \t]*\r?\n(.*?)^\+\+\+[ \t]*(?:\r?\n(.*))?", text, re.DOTALL | re.MULTILINE)
    if not found:
        raise _Wrong("+++", "the file must begin with a line +++, then TOML, a line +++, and the petition's Markdown.")
    body = (found[2] or "").strip()
    return found[1].replace("\r\n", "\n"), _text(LONGEST_TEXT, empty=True)("the Markdown below +++", body)


def _checked(front: dict[str, Any], body: str) -> PetitionFile:
    for key in NEEDED:
        if key not in front:
            raise _Wrong(key, "is missing, and must be given.")
    language = _language("language", front["language"])
    checks: dict[str, Check] = {
        "slug": _slug,
        "language": _language,
        "title": _line(200),
        "started_by": _line(200),
        "started_on": _date,
        "goal": _number(1, 2_000_000_000),
        "closes_on": _date,
        "discreet": _yes_or_no,
        "statement": _text(LONGEST_TEXT),
        "addressed_to": _text(1000),
        "contact": _line(254),
        "erase_after_days": _number(1, LONGEST_KEEPING),
        "controller": _table(name=_line(200), address=_text(500), email=_email),
        "privacy": _text(LONGEST_TEXT, empty=True),
        "fields": _table(affiliation=_field, country=_field, comment=_field, optional=True),
        "initiators": _list_of(
            _table(name=_line(200), affiliation=_maybe(_line(500)), country=_maybe(_country(language)))
        ),
        "donations": _list_of(
            _table(
                recipient=_line(200),
                iban=_iban,
                currency=_maybe(_currency),
                bank=_maybe(_line(200)),
                note=_maybe(_text(500)),
            )
        ),
        "links": _list_of(_table(title=_line(300), source=_maybe(_line(200)), url=_maybe(_url))),
        "elsewhere": _table(count=_number(0, 2_000_000_000), source=_line(200), url=_maybe(_url)),
    }
    said = _each("", front, checks)
    asked = {"affiliation": "optional", "country": "required", "comment": "optional"} | said.pop("fields", {})
    return PetitionFile(**said, fields=asked, body=body)


def _each(inside: str, table: dict[str, Any], checks: dict[str, Check]) -> dict[str, Any]:
    for key in table:
        if key not in checks:
            raise _Wrong(f"{inside}{key}", f"is not known here. Known are: {', '.join(checks)}.")
    return {key: checks[key](f"{inside}{key}", value) for key, value in table.items()}


class _maybe:  # noqa: N801 - reads as a word in the table of checks
    """A check of a value that may be left out or empty; it is then an empty text."""

    def __init__(self, check: Check) -> None:
        self.check = check

    def __call__(self, key: str, value: Any) -> Any:
        return "" if value == "" else self.check(key, value)


def _table(*, optional: bool = False, **checks: Check) -> Check:
    def check(key: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise _Wrong(key, f"must be a table with {', '.join(checks)}.")
        said = _each(f"{key}.", value, checks)
        for name, inner in checks.items():
            if name not in said and isinstance(inner, _maybe):
                said[name] = ""
            elif name not in said and not optional:
                raise _Wrong(f"{key}.{name}", "is missing, and must be given.")
        return said

    return check


def _list_of(inner: Check) -> Check:
    def check(key: str, value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise _Wrong(key, f"must be written as [[{key}]], once for each.")
        return tuple(inner(f"{key}[{number}]", item) for number, item in enumerate(value, 1))

    return check


def _text(most: int, *, empty: bool = False) -> Check:
    def check(key: str, value: Any) -> str:
        if not isinstance(value, str) or not (empty or value.strip()):
            raise _Wrong(key, "must be a text in quotes, and not empty.")
        if len(value) > most:
            raise _Wrong(key, f"must have at most {most} characters; it has {len(value)}.")
        if any(ord(c) < 32 and c not in "\n\r\t" for c in value):
            raise _Wrong(key, "must not hold control characters.")
        return value.replace("\r\n", "\n").strip()

    return check


def _line(most: int) -> Check:
    def check(key: str, value: Any) -> str:
        text: str = _text(most)(key, value)
        if "\n" in text or "\r" in text:
            raise _Wrong(key, "must be on one line.")
        return text

    return check


def _number(least: int, most: int) -> Check:
    def check(key: str, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise _Wrong(key, f"must be a whole number from {least} to {most}, without quotes.")
        return value

    return check


def _slug(key: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) > 80 or not SLUG.fullmatch(value):
        raise _Wrong(key, "must be small letters a-z, digits and single hyphens, at most 80, such as free-the-books.")
    return value


def _language(key: str, value: Any) -> str:
    try:
        tag = str(Locale.parse(value, sep="-")).replace("_", "-")
    except (ValueError, TypeError, UnknownLocaleError):
        tag = ""
    if not LANGUAGE.fullmatch(tag):
        raise _Wrong(key, "must be a language tag, such as en, sv or pt-BR.")
    return tag


def _date(key: str, value: Any) -> date:
    if not isinstance(value, date) or isinstance(value, datetime) or value.year not in YEARS:
        raise _Wrong(key, "must be a date without quotes, such as 2026-11-23.")
    return value


def _yes_or_no(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Wrong(key, "must be true or false, without quotes.")
    return value


def _field(key: str, value: Any) -> str:
    if value not in FIELD_CHOICES:
        raise _Wrong(key, f"must be one of {', '.join(FIELD_CHOICES)}.")
    return str(value)


def _email(key: str, value: Any) -> str:
    try:
        return deliverable(value)
    except (NotAnAddress, TypeError, AttributeError):
        raise _Wrong(key, "must be an e-mail address, such as office@example.org.") from None


def _country(language: str) -> Callable[[str, Any], str]:
    def check(key: str, value: Any) -> str:
        code = code_of(value, language) if isinstance(value, str) else None
        if code is None:
            raise _Wrong(key, "must be a country's two letters (ISO 3166-1), such as SE.")
        return code

    return check


def _currency(key: str, value: Any) -> str:
    if not isinstance(value, str) or not is_currency(value):
        raise _Wrong(key, "must be a currency's three letters (ISO 4217), such as EUR.")
    return value


def _iban(key: str, value: Any) -> str:
    try:
        return str(iban_rules.validate(value if isinstance(value, str) else "", check_country=False))
    except BadIban:
        raise _Wrong(key, "is not an IBAN: its checksum does not fit. Please copy it again, whole.") from None


def _url(key: str, value: Any) -> str:
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
    except ValueError:
        parts = None
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname or re.search(r"\s", value):
        raise _Wrong(key, "must be a web address that begins with https:// or http://.")
    return str(value)
