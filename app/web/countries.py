"""Countries: ISO 3166-1 alpha-2 codes, and their names in the reader's language, from Babel's CLDR data."""

import re
from functools import lru_cache

from babel import Locale
from flask_babel import gettext as _
from markupsafe import Markup, escape
from wtforms import StringField
from wtforms.widgets import html_params

from app.web.language import DEFAULT_LANGUAGE, current_locale
from app.web.name_order import in_order

# CLDR's two-letter codes that are not countries: unions, territories that ISO 3166-1 counts elsewhere, placeholders.
_NO_COUNTRY = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}

# Kosovo has no code in ISO 3166-1; XK is the one in general use.
CODES = frozenset(
    code
    for code in map(str, Locale.parse(DEFAULT_LANGUAGE).territories)
    if re.fullmatch("[A-Z]{2}", code) and code not in _NO_COUNTRY
)


def country_name(code: str) -> str:
    """Return the country's name in the language in use; the empty string for an empty code."""
    return str(current_locale().territories.get(code, code)) if code else ""


def country_code(text: str, language: str) -> str | None:
    """Return the code for a code or a country's name in English or `language`; None for anything else."""
    if text.upper() in CODES:
        return text.upper()
    for locale in (Locale.parse(DEFAULT_LANGUAGE), Locale.parse(language, sep="-")):
        for code in CODES:
            if locale.territories.get(code, "").casefold() == text.casefold():
                return code
    return None


def country_select(field: StringField, **attributes: object) -> Markup:
    """Return `field` as a `<select>` of all countries (a WTForms widget); `ask` is the text of the empty option.

    WTForms' own SelectField renders 250 options for each page, which takes longer than the rest of the page.
    """
    if field.flags.required:
        attributes["required"] = True
    options = _options(str(current_locale()))
    chosen = f'value="{escape(field.data or "")}"'
    ask = escape(attributes.pop("ask", None) or _("Choose a country"))
    attributes_written = html_params(name=field.name, **{"id": field.id, **attributes})
    html = f'<select {attributes_written}><option value="">{ask}</option>'
    return Markup(html + options.replace(chosen, f"{chosen} selected", 1) + "</select>")  # noqa: S704 - all escaped


def names(reader: Locale) -> dict[str, str]:
    """Return the names of all countries in the reader's language, by code."""
    return {code: str(reader.territories.get(code, code)) for code in CODES}


@lru_cache(maxsize=64)
def _options(locale: str) -> str:
    reader = Locale.parse(locale)
    named = in_order("countries", reader.language, names(reader).items())
    return "".join(f'<option value="{code}">{escape(country)}</option>' for code, country in named)
