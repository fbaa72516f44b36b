"""The blank sign form on a petition's page, kept in memory: making it is a quarter of rendering the page.

It is kept by all that petition and notice read, so that no old one is ever sent, whatever of them the form shows.
"""

from typing import Any

from flask import current_app, render_template, request
from markupsafe import Markup

from app.db import all_columns
from app.petitions.page import Edition
from app.petitions.wording import privacy
from app.signing.forms import SignForm
from app.web.language import select_locale

EXTENSION = "countersign_blank_forms"
MAX_FORMS = 100


def blank_form(edition: Edition) -> Markup:
    """Return the sign form for this edition's page, with nothing filled in."""
    kept: dict[Any, Markup] = current_app.extensions.setdefault(EXTENSION, {})
    page = (edition.text.version, edition.language, select_locale(), request.script_root)
    about = (all_columns(edition.petition), all_columns(edition.notice), *page)
    form = kept.get(about)
    if form is None:
        if len(kept) >= MAX_FORMS:
            kept.clear()
        form = kept[about] = _render(edition)
    return form


def _render(edition: Edition) -> Markup:
    rendered = render_template(
        "signing/_form.html",
        edition=edition,
        petition=edition.petition,
        privacy=privacy(edition),
        form=SignForm.blank(edition),
    )
    return Markup(rendered)  # noqa: S704 - the template has escaped what people wrote
