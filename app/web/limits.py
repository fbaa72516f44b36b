"""How much a view takes: little, unless it says otherwise, and known before a byte of what was sent is read."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, request

View = TypeVar("View", bound=Callable[..., Any])
KIB = 1024
MIB = 1024 * KIB


def takes(most_bytes: int) -> Callable[[View], View]:
    """Mark a view that takes more than MAX_CONTENT_LENGTH: up to `most_bytes` in all."""

    def mark(view: View) -> View:
        view.takes = most_bytes  # type: ignore[attr-defined]
        return view

    return mark


def init_app(app: Flask) -> None:
    """Set the limit of each request before anything else looks at it."""
    app.before_request(_set_limit)


def _set_limit() -> None:
    most = getattr(current_app.view_functions.get(request.endpoint or ""), "takes", None)
    if most is not None:
        request.max_content_length = most
        request.max_form_memory_size = most
