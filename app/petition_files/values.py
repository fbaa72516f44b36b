"""Checks for the values in a petition file: each returns the value in its stored form, or raises InvalidValue."""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from babel import Locale, UnknownLocaleError
from babel.numbers import is_currency
from flask_babel import gettext as _
from stdnum import iban as iban_rules
from stdnum.exceptions import ValidationError as BadIban

from app.email.address import NotAnAddress, deliverable
from app.petitions.markdown import is_too_complex
from app.web.converters import LANGUAGE_TAG, SLUG
from app.web.countries import country_code

MAX_ROWS = 100  # initiators, donations, links or translations
MAX_URL_LENGTH = 2000
YEARS = range(1900, 3000)  # Python's dates end in 9999; adding days to one must not overflow
RESERVED_SLUGS = {"new", "import"}  # paths of the site below /organise/petitions/


class InvalidValue(Exception):
    """A value is wrong: `key` says where, `right` what would be right."""

    def __init__(self, key: str, right: str) -> None:
        super().__init__(f"{key}: {right}")
        self.right = right


Check = Callable[[str, Any], Any]


def check_table(inside: str, table: dict[str, Any], checks: dict[str, Check]) -> dict[str, Any]:
    """Return `table` with each value checked; raise InvalidValue for a key without a check."""
    for key in table:
        if key not in checks:
            raise InvalidValue(f"{inside}{key}", _("is not known here. Known are: %(keys)s.", keys=", ".join(checks)))
    return {key: checks[key](f"{inside}{key}", value) for key, value in table.items()}


class OrEmpty:
    """A check that also allows the empty string, or another `empty` value. In a table, such a key may be missing."""

    def __init__(self, check: Check, empty: Any = "") -> None:
        self.check, self.empty = check, empty

    def __call__(self, key: str, value: Any) -> Any:
        return self.empty if value == self.empty else self.check(key, value)


def table(checks: dict[str, Check], *, optional: bool = False) -> Check:
    """Return a check for a table. All keys are needed, except for `OrEmpty` ones; with `optional`, none is."""

    def check(key: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise InvalidValue(key, _("must be a table with %(keys)s.", keys=", ".join(checks)))
        checked = check_table(f"{key}.", value, checks)
        for name, inner in checks.items():
            if name not in checked and isinstance(inner, OrEmpty):
                checked[name] = inner.empty
            elif name not in checked and not optional:
                raise InvalidValue(f"{key}.{name}", _("is missing, and must be given."))
        return checked

    return check


def list_of(inner: Check) -> Check:
    """Return a check for a list of at most MAX_ROWS tables ([[key]] in TOML), each checked by `inner`."""

    def check(key: str, value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise InvalidValue(key, _("must be written as %(key)s, once for each.", key=f"[[{key}]]"))
        if len(value) > MAX_ROWS:
            words = _(
                "may be there %(most)d times at most; it is there %(number)d times.", most=MAX_ROWS, number=len(value)
            )
            raise InvalidValue(key, words)
        return tuple(inner(f"{key}[{number}]", item) for number, item in enumerate(value, 1))

    return check


def text(max_length: int, *, empty: bool = False) -> Check:
    """Return a check for a text of at most `max_length` characters, which may be empty only if `empty` is true."""

    def check(key: str, value: Any) -> str:
        if not isinstance(value, str):
            raise InvalidValue(key, _("must be a text in quotes, and not empty."))
        if not (empty or value.strip()):
            raise InvalidValue(key, _("must not be empty."))
        tidy = value.replace("\r\n", "\n").replace("\r", "\n").strip()
        if len(tidy) > max_length:
            words = _("must have at most %(most)d characters; it has %(number)d.", most=max_length, number=len(tidy))
            raise InvalidValue(key, words)
        if any(ord(c) < 32 and c not in "\n\t" for c in tidy):
            raise InvalidValue(key, _("must not hold control characters."))
        return tidy

    return check


def markdown(max_length: int) -> Check:
    """Return a check for a text in Markdown, which may be empty, of at most `max_length` characters."""

    def check(key: str, value: Any) -> str:
        words: str = text(max_length, empty=True)(key, value)
        if is_too_complex(words):
            raise InvalidValue(
                key,
                _("must have less formatting: that is more than can be shown. Please simplify it, or make it shorter."),
            )
        return words

    return check


def line(max_length: int) -> Check:
    """Return a check for a text on one line."""

    def check(key: str, value: Any) -> str:
        words: str = text(max_length)(key, value)
        if "\n" in words:
            raise InvalidValue(key, _("must be on one line."))
        return words

    return check


def whole_number(minimum: int, maximum: int) -> Check:
    """Return a check for a whole number between these bounds, both included."""

    def check(key: str, value: Any) -> int:
        if isinstance(value, str):
            words = _("must be a whole number from %(least)d to %(most)d, without quotes.", least=minimum, most=maximum)
            raise InvalidValue(key, words)
        if not isinstance(value, int) or isinstance(value, bool) or not minimum <= value <= maximum:
            raise InvalidValue(
                key, _("must be a whole number from %(least)d to %(most)d.", least=minimum, most=maximum)
            )
        return value

    return check


def slug(key: str, value: Any) -> str:
    """Check a slug: the petition's name in its URL."""
    if not isinstance(value, str) or len(value) > 80 or not re.fullmatch(SLUG, value):
        words = _("must be small letters a-z, digits and single hyphens, at most 80, such as free-the-books.")
        raise InvalidValue(key, words)
    if value in RESERVED_SLUGS:
        raise slug_not_free(key)
    return value


def slug_not_free(key: str = "slug") -> InvalidValue:
    """Return what is wrong with a reserved or taken slug: the same words, so that nobody learns of others' drafts."""
    return InvalidValue(key, _("must be another one: this one is taken or reserved."))


def language(key: str, value: Any) -> str:
    """Check a language tag that CLDR knows (BCP 47), and return it in its usual spelling."""
    try:
        tag = str(Locale.parse(value, sep="-")).replace("_", "-")
    except (ValueError, TypeError, UnknownLocaleError):
        tag = ""
    if not re.fullmatch(LANGUAGE_TAG, tag):
        raise InvalidValue(key, _("must be a language tag, such as en, sv or pt-BR."))
    return tag


def day(key: str, value: Any) -> date:
    """Check a date."""
    if isinstance(value, str):
        raise InvalidValue(key, _("must be a date without quotes, such as 2026-11-23."))
    if not isinstance(value, date) or isinstance(value, datetime) or value.year not in YEARS:
        raise InvalidValue(key, _("must be a date, such as 2026-11-23."))
    return value


def yes_or_no(key: str, value: Any) -> bool:
    """Check a boolean."""
    if not isinstance(value, bool):
        raise InvalidValue(key, _("must be true or false, without quotes."))
    return value


def one_of(choices: Sequence[str]) -> Check:
    """Return the check for one of these words."""

    def check(key: str, value: Any) -> str:
        if value not in choices:
            raise InvalidValue(key, _("must be one of %(choices)s.", choices=", ".join(choices)))
        return str(value)

    return check


def email(key: str, value: Any) -> str:
    """Check an e-mail address."""
    try:
        return deliverable(value)
    except (NotAnAddress, TypeError, AttributeError):
        raise InvalidValue(key, _("must be an e-mail address, such as office@example.org.")) from None


def country(language: str) -> Callable[[str, Any], str]:
    """Return a check for a country's code, or its name in English or `language`; it returns the code."""

    def check(key: str, value: Any) -> str:
        code = country_code(value, language) if isinstance(value, str) else None
        if code is None:
            raise InvalidValue(key, _("must be a country's two letters (ISO 3166-1), such as SE."))
        return code

    return check


def currency(key: str, value: Any) -> str:
    """Check a currency (ISO 4217)."""
    if not isinstance(value, str) or not is_currency(value):
        raise InvalidValue(key, _("must be a currency's three letters (ISO 4217), such as EUR."))
    return value


def iban(key: str, value: Any) -> str:
    """Check an IBAN by its checksum, and return it without spaces (ISO 13616)."""
    try:
        return str(iban_rules.validate(value if isinstance(value, str) else "", check_country=False))
    except BadIban:
        raise InvalidValue(key, _("is not an IBAN: its checksum does not fit. Please copy it again, whole.")) from None


def url(key: str, value: Any) -> str:
    """Check a web address (http or https)."""
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
    except ValueError:
        parts = None
    is_plain = isinstance(value, str) and len(value) <= MAX_URL_LENGTH and not re.search(r"[\s\x00-\x1f\x7f]", value)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname or not is_plain:
        raise InvalidValue(key, _("must be a web address that begins with https:// or http://."))
    return str(value)
