"""The patterns of slugs and of language tags, for routes and for petition files."""

from flask import Flask
from werkzeug.routing import BaseConverter

SLUG = "[a-z0-9]+(?:-[a-z0-9]+)*"
# Language, script and region of BCP 47, in their usual spelling: sv, pt-BR, zh-Hant-TW, es-419.
LANGUAGE_TAG = "[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|[0-9]{3}))?"


class SlugConverter(BaseConverter):
    """A petition's name in an address: lower-case letters, digits and single hyphens."""

    regex = SLUG


class LanguageConverter(BaseConverter):
    """A language tag in an address (BCP 47)."""

    regex = LANGUAGE_TAG


def init_app(app: Flask) -> None:
    """Let routes use `<slug:...>` and `<language:...>`."""
    app.url_map.converters.update(slug=SlugConverter, language=LanguageConverter)
