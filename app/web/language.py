"""The locale of a page or letter, and the addresses of a page in the other languages.

A public page has its language in its path, so that caches can keep it. A private one takes it from `?language=`, else
from Accept-Language.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from babel import Locale, negotiate_locale
from flask import current_app, g, has_request_context, request, url_for
from flask_babel import Babel, force_locale, get_locale, refresh

from app.web.name_order import in_order
from app.web.public_page import query_of_this_page

# The languages that the interface itself is written in, each by its own name.
INTERFACE_LANGUAGES = {
    "cs": "Čeština",
    "da": "Dansk",
    "de": "Deutsch",
    "en": "English",
    "es": "Español",
    "fi": "Suomi",
    "fr": "Français",
    "hu": "Magyar",
    "it": "Italiano",
    "sv": "Svenska",
    "ru": "Русский",
    "uk": "Українська",
    "ar": "العربية",
}
DEFAULT_LANGUAGE = "en"
# The languages that people write, by CLDR: `tests/write_written_languages.py` writes the file.
WRITTEN_LANGUAGES = Path(__file__).with_name("written_languages.json")
# The names of the language in an address: in the path of public pages, in the query of private ones.
PATH_PARAMETER, QUERY_PARAMETER = "lang", "language"

babel = Babel()


def site_language() -> str:
    """Return the language of pages that have none of their own, as SITE_LANGUAGE says."""
    language: str = current_app.config.get("SITE_LANGUAGE", DEFAULT_LANGUAGE)
    return language


def set_language(language: str, *, own: str | None = None) -> None:
    """Set the language of this request's page; the site's where the interface is not translated into it.

    `own` is the language of the page whose path names none, if that is another. `?language=` wins where it is allowed.
    """
    g.language = requested_language() or interface_language(language)
    g.own_language = own or language
    refresh()


def requested_language() -> str | None:
    """Return the language in `?language=`, on pages that have none in their path; None for an unknown one."""
    language = request.args.get(QUERY_PARAMETER, "") if has_request_context() and not _is_in_path() else ""
    return language if language in INTERFACE_LANGUAGES else None


def is_language_set() -> bool:
    """Tell whether the page's language is set, and so does not depend on the reader."""
    return "language" in g


def current_path() -> str:
    """Return the path of this page for its own forms to post to, with its `?language=`."""
    return request.path + (f"?{QUERY_PARAMETER}={requested_language()}" if requested_language() else "")


def language_addresses() -> dict[str, str]:
    """Return the address of this page in each language of the interface.

    None after a POST, as what was typed would be lost.
    """
    if request.method not in {"GET", "HEAD"} or request.endpoint is None:
        return {}
    values, query = request.view_args or {}, query_of_this_page()
    if not _is_in_path():
        return {tag: _address(values, {**query, QUERY_PARAMETER: tag}) for tag in INTERFACE_LANGUAGES}
    own = g.get("own_language") or site_language()
    return {
        tag: _address({**values, PATH_PARAMETER: None if tag == own else tag}, query) for tag in INTERFACE_LANGUAGES
    }


def _address(values: Mapping[str, Any], query: Mapping[str, str]) -> str:
    # `url_for` must not get the query: it would take `_scheme` or `endpoint` in it for its own parameters.
    path = url_for(request.endpoint or "", **values)
    return f"{path}?{urlencode(query)}" if query else path


def _is_in_path() -> bool:
    rules = current_app.url_map.iter_rules(request.endpoint) if request.endpoint else ()
    return any(PATH_PARAMETER in rule.arguments for rule in rules)


@contextmanager
def force_language(language: str) -> Iterator[None]:
    """Set the language inside the block: for letters, which are rendered outside of requests."""
    with force_locale(interface_language(language)):
        yield


def interface_language(language: str) -> str:
    """Return `language` if the interface is written in it, else the site's."""
    return language if language in INTERFACE_LANGUAGES else site_language()


def select_locale() -> str:
    """Return the language for Flask-Babel: the one set, else `?language=`, else the browser's."""
    chosen: str | None = g.get("language")
    return chosen or requested_language() or browser_language()


def browser_language() -> str:
    """Return the interface language that suits Accept-Language best (RFC 9110), or the site's."""
    accepted = [tag for tag, quality in request.accept_languages if quality] if has_request_context() else []
    return negotiate_locale(accepted, INTERFACE_LANGUAGES, sep="-") or site_language()


def current_locale() -> Locale:
    """Return the locale in use."""
    return get_locale() or Locale.parse(DEFAULT_LANGUAGE)


@lru_cache(maxsize=256)
def text_direction(language: str) -> str:
    """Return the direction in which `language` is written: `ltr` or `rtl`, for HTML's dir attribute."""
    return Locale.parse(language, sep="-").text_direction


def display_name(language: str) -> str:
    """Return the name of `language` in the language in use."""
    return Locale.parse(language, sep="-").get_display_name(current_locale()) or language


def native_name(language: str) -> str:
    """Return the name of `language` in itself."""
    return Locale.parse(language, sep="-").get_display_name() or language


def language_choices() -> list[tuple[str, str]]:
    """Return tag and name of the languages that petitions are mostly written in, by name in the language in use."""
    return _choices(str(current_locale()))


def names(reader: Locale) -> dict[str, str]:
    """Return the names of these languages in the reader's, by tag."""
    tags = {*json.loads(WRITTEN_LANGUAGES.read_text("utf-8")), *INTERFACE_LANGUAGES, "pt-BR"}
    return {tag: Locale.parse(tag, sep="-").get_display_name(reader) or tag for tag in sorted(tags)}


@lru_cache(maxsize=64)
def _choices(locale: str) -> list[tuple[str, str]]:
    reader = Locale.parse(locale)
    return in_order("languages", reader.language, names(reader).items())
