"""The pages of a petition's organisers: no cache keeps them, and the petition's tabs are around them."""

from typing import Any

from flask import Response

from app.organisers.access import petition_here
from app.petitions.page import newest_title
from app.web.answers import private_page


def petition_page(template: str, tab: str, status: int = 200, **context: Any) -> Response:
    """Return a page of the petition in the address, with `tab` marked as the present one."""
    petition = petition_here()
    return private_page(template, status, petition=petition, tab=tab, **{"title": newest_title(petition), **context})
