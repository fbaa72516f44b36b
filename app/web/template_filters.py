"""Template filters and globals: dates, numbers, countries and languages as the reader's language writes them."""

from datetime import datetime
from functools import lru_cache
from typing import Literal

from flask import Flask, current_app, url_for
from flask_babel import format_date, format_datetime, format_decimal, get_locale, ngettext
from markupsafe import Markup, escape

from app import clock
from app.email.address import display_address
from app.models import Petition
from app.web import countries, language
from app.web.isolate import isolate


def init_app(app: Flask) -> None:
    """Register the filters and globals that every template may use."""
    app.jinja_env.filters.update(
        country=countries.country_name,
        day=lambda day: format_date(day, "long"),
        moment=format_moment,
        number=format_decimal,
        paragraphs=paragraphs,
        iban=format_iban,
        address=display_address,
        isolated=isolate,
        bdi=Markup("<bdi>{}</bdi>").format,
    )
    app.jinja_env.globals.update(
        text_direction=language.text_direction,
        language_name=language.display_name,
        native_name=language.native_name,
        page_language=lambda: str(get_locale() or language.DEFAULT_LANGUAGE).replace("_", "-"),
        language_addresses=language.language_addresses,
        interface=language.INTERFACE_LANGUAGES,
        current_path=language.current_path,
        petition_address=petition_address,
        news_address=news_address,
        takes_signatures=lambda petition: petition.is_open(clock.now()),
        start_address=start_address,
        plurals=lambda one, many: _plurals(str(language.current_locale()), one, many),
        base_url=lambda: current_app.config["BASE_URL"],
    )


def start_address(spoken: str | None = None) -> str:
    """Return the path of the start page in the language `spoken`, or in the one of this page."""
    tag = spoken or language.current_locale().language
    return url_for("pages.start", lang=None if tag == language.site_language() else tag)


def format_moment(at: datetime, length: Literal["medium", "long"] = "long") -> str:
    """Return a moment's day and minute in UTC, in the format of the language in use."""
    joined = str(language.current_locale().datetime_formats["medium"])
    time = f"{format_datetime(at, 'HH:mm', rebase=False)} UTC"
    return joined.replace("{1}", format_date(at, length)).replace("{0}", time)


def petition_address(petition: Petition, spoken: str, endpoint: str = "pages.petition") -> str:
    """Return the path of a petition's page in the language `spoken`, or in the one that this page was asked for in."""
    tag = language.requested_language() or spoken
    return url_for(endpoint, slug=petition.slug, lang=None if tag == petition.language else tag)


def news_address(petition: Petition, spoken: str, number: int) -> str:
    """Return the path of a piece of news of a petition, in a language as `petition_address` does."""
    tag = language.requested_language() or spoken
    lang = None if tag == petition.language else tag
    return url_for("public_news.one", slug=petition.slug, nth=number, lang=lang)


def paragraphs(text: str) -> Markup:
    """Return plain text as HTML paragraphs, with its single line breaks."""
    parts = [str(escape(part)).replace("\n", "<br>") for part in text.split("\n\n") if part.strip()]
    return Markup("".join(f"<p>{part}</p>" for part in parts))  # noqa: S704 - each part was escaped


@lru_cache(maxsize=256)
def _plurals(_locale: str, one: str, many: str) -> dict[str, str]:
    """Return the words for each plural category (CLDR) of the language in use, for a script to choose from."""
    category = language.current_locale().plural_form
    return {category(number): ngettext(one, many, number) for number in reversed(range(201))}


def format_iban(number: str) -> str:
    """Return an IBAN in groups of four, as people read and type it (ISO 13616)."""
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4))
