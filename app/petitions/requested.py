"""The petition that a request names, for views: found, with the page's language set, or 404."""

from collections.abc import Callable

from flask import abort

from app.petitions.page import Edition, find_edition
from app.web.language import set_language


def edition_or_404(slug: str, lang: str | None = None, *, only_if: Callable[[Edition], bool] | None = None) -> Edition:
    """Return the edition whose language is in the path; 404 for another one, or for one that `only_if` refuses."""
    edition = find_edition(slug, lang)
    if edition is None or (only_if and not only_if(edition)):
        abort(404)
    set_language(edition.language, own=edition.petition.language)
    return edition


def edition_or_original(slug: str, lang: str | None) -> Edition:
    """Return the edition in a language that a query or a form names; in an unknown one the petition as it was written.

    404 for an unknown slug.
    """
    edition = find_edition(slug, lang) or find_edition(slug) or abort(404)
    set_language(edition.language)
    return edition
