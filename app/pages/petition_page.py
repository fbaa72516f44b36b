"""Renders a petition's page, for everyone and for its organisers' preview."""

from flask import render_template
from markupsafe import Markup

from app.pages.blank_form import blank_form
from app.petitions import names, news, page, wording
from app.petitions.markdown import to_html
from app.petitions.page import Edition


def render_petition(edition: Edition, *, preview: Markup | str = "") -> str:
    """Return the page of this edition; with the bar of a `preview` a draft looks open, but cannot be signed."""
    petition = edition.petition
    is_open = edition.is_open() or bool(preview and petition.opened_at is None)
    return render_template(
        "pages/petition.html",
        edition=edition,
        petition=petition,
        text=edition.text,
        body=to_html(edition.text.body),
        progress=page.progress(petition),
        names=names.latest_names(petition),
        news=news.list_public(petition, edition.language),
        image=page.header_image(petition),
        original_changed_on=page.original_changed_on(edition),
        other_languages=page.other_languages(edition),
        is_open=is_open,
        outcome=None if is_open else wording.outcome(edition),
        form=blank_form(edition) if is_open else "",
        preview=preview,
    )
