"""Public pages: the same bytes for everyone, so that they can be kept for a second and sent to whoever asks."""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from flask import Flask, current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

View = TypeVar("View", bound=Callable[..., Any])


def public_page(*reads: str) -> Callable[[View], View]:
    """Return a decorator for the view of a public page, which reads these parameters of the query and no others.

    All others, such as those that social networks and newsletters add to a link, make no other page of it.
    """

    def mark(view: View) -> View:
        marked: Any = view
        marked.reads = reads
        return view

    return mark


def parameters_read(app: Flask, path: str) -> tuple[str, ...] | None:
    """Return which parameters the public page at `path` reads; None where there is no public page."""
    try:
        endpoint, _ = app.url_map.bind("").match(path, "GET")
    except (HTTPException, RequestRedirect):
        return None
    return _parameters_of(app, endpoint)


def relevant_query(reads: tuple[str, ...], query: str) -> str:
    """Return the part of a WSGI query string that a page reads, encoded anew and in a fixed order.

    Empty parameters are left out; of several with one name the first counts, as in `request.args`.
    """
    given = parse_qsl(query.encode("latin-1", "replace").decode(errors="replace"))
    first = dict(reversed(given))
    return urlencode([(name, first[name]) for name in sorted(reads) if name in first])


def query_of_this_page() -> dict[str, str]:
    """Return the parameters of this request's query, for links to the same page: of a public page those it reads."""
    reads = _parameters_of(current_app, request.endpoint or "")
    given = request.args.to_dict()
    return given if reads is None else {name: given[name] for name in reads if name in given}


def is_public(endpoint: str | None) -> bool:
    """Tell whether this endpoint is declared as a public page."""
    return _parameters_of(current_app, endpoint or "") is not None


def _parameters_of(app: Flask, endpoint: str) -> tuple[str, ...] | None:
    reads: tuple[str, ...] | None = getattr(app.view_functions.get(endpoint), "reads", None)
    return reads
