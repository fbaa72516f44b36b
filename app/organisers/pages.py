"""Pages about one petition for its organisers: not cached, with the petition's tabs."""

from typing import Any

from flask import Response

from app.organisers.access import petition_here
from app.petitions.page import newest_title
from app.web.answers import private_page


def petition_page(template: str, tab: str, status: int = 200, **context: Any) -> Response:
    """Return a page of the petition in the URL, with `tab` as the current one."""
    petition = petition_here()
    return private_page(template, status, petition=petition, tab=tab, **{"title": newest_title(petition), **context})
