"""The answers that organisers' views give: pages that no cache keeps, those of a petition in its frame."""

from typing import Any

from flask import Response, make_response, render_template

from app.organisers.access import petition_here
from app.petitions.page import newest_title
from app.web import headers


def private(template: str, status: int = 200, **context: Any) -> Response:
    """Return a page for this organiser alone, which no cache keeps."""
    return headers.no_store(make_response(render_template(template, **context), status))


def of_petition(template: str, tab: str, status: int = 200, **context: Any) -> Response:
    """Return such a page of the petition in the address, with this tab of its frame marked as the present one."""
    petition = petition_here()
    return private(template, status, petition=petition, tab=tab, **{"title": newest_title(petition), **context})
