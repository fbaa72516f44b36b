"""Pages for one reader alone, which no cache may keep."""

from typing import Any

from flask import Response, make_response, render_template

from app.web import headers


def private_page(template: str, status: int = 200, **context: Any) -> Response:
    """Return the rendered template as a response that no cache may keep."""
    return headers.no_store(make_response(render_template(template, **context), status))
