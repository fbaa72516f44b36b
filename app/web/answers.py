"""Answers to one reader alone, which no cache keeps."""

from typing import Any

from flask import Response, make_response, render_template

from app.web import headers


def private_page(template: str, status: int = 200, **context: Any) -> Response:
    """Return a page that is for this reader alone: no cache keeps it."""
    return headers.no_store(make_response(render_template(template, **context), status))
