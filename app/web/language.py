"""Which language a page or letter speaks, and how dates and numbers look in it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from babel import Locale, localedata
from flask import g
from flask_babel import Babel, force_locale, get_locale

# The languages that the interface itself is written in, each by its own name.
INTERFACE = {"en": "English", "sv": "Svenska"}
DEFAULT = "en"

babel = Babel()


def speak(language: str) -> None:
    """Let the page that is being made speak `language`, or the default where the interface has no words in it."""
    g.language = interface_language(language)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak `language` inside the block: for letters, which are written outside any request."""
    with force_locale(interface_language(language)):
        yield


def interface_language(language: str) -> str:
    """Return `language` if the interface is written in it, else the default."""
    return language if language in INTERFACE else DEFAULT


def select_locale() -> str:
    """Tell Flask-Babel the language of the page that is being made."""
    language: str = g.get("language", DEFAULT)
    return language


def current() -> Locale:
    """Return the locale in use."""
    return get_locale() or Locale.parse(DEFAULT)


def direction(language: str) -> str:
    """Return the way `language` is written: `ltr` or `rtl`, for HTML's dir attribute."""
    return Locale.parse(language, sep="-").text_direction


def name_of(language: str) -> str:
    """Return the name of `language` in the language in use."""
    return Locale.parse(language, sep="-").get_display_name(current()) or language


def own_name(language: str) -> str:
    """Return the name of `language` in itself."""
    return Locale.parse(language, sep="-").get_display_name() or language


def choices() -> list[tuple[str, str]]:
    """Return tag and name of the languages that a petition can be written in, by name in the language in use."""
    return _choices(str(current()))


@lru_cache(maxsize=64)
def _choices(locale: str) -> list[tuple[str, str]]:
    spoken = [one for one in localedata.locale_identifiers() if re.fullmatch("[a-z]{2,3}(_[A-Z][a-z]{3})?", one)]
    reader = Locale.parse(locale)
    named = [(one.replace("_", "-"), Locale.parse(one).get_display_name(reader)) for one in [*spoken, "pt_BR"]]
    return sorted(((tag, name) for tag, name in named if name), key=lambda pair: pair[1].casefold())
