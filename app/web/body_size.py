"""The maximum size of a request's body, by view: small unless the view says otherwise, and set before it is read."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, request

View = TypeVar("View", bound=Callable[..., Any])
KIB = 1024
MIB = 1024 * KIB


def max_body_size(max_bytes: int) -> Callable[[View], View]:
    """Return a decorator for a view that accepts bodies of up to `max_bytes`, more than MAX_CONTENT_LENGTH."""

    def mark(view: View) -> View:
        view.max_body_size = max_bytes  # type: ignore[attr-defined]
        return view

    return mark


def init_app(app: Flask) -> None:
    """Set the limit of each request before anything reads its body."""
    app.before_request(_set_limit)


def _set_limit() -> None:
    max_bytes = getattr(current_app.view_functions.get(request.endpoint or ""), "max_body_size", None)
    if max_bytes is not None:
        request.max_content_length = max_bytes
        request.max_form_memory_size = max_bytes
