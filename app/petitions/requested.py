"""For views: find the petition that a request names and set the page's language, or answer 404."""

from collections.abc import Callable

from flask import abort

from app.petitions.page import Edition, find_edition
from app.web.language import set_language


def edition_or_404(slug: str, lang: str | None = None, *, only_if: Callable[[Edition], bool] | None = None) -> Edition:
    """Return the edition in the language of the path; 404 if there is none, or if `only_if` refuses it."""
    edition = find_edition(slug, lang)
    if edition is None or (only_if and not only_if(edition)):
        abort(404)
    set_language(edition.language, own=edition.petition.language)
    return edition


def edition_or_original(slug: str, lang: str | None) -> Edition:
    """Return the edition in the language of a query or form, or the original for an unknown language.

    404 for an unknown slug.
    """
    edition = find_edition(slug, lang) or find_edition(slug) or abort(404)
    set_language(edition.language)
    return edition
