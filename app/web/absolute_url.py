"""Absolute links for e-mails: built from BASE_URL, never from the Host header of the request that causes the e-mail."""

from typing import Any

from flask import current_app, url_for


def absolute_url(endpoint: str, **values: Any) -> str:
    """Return the full address of a page of this site."""
    base_url: str = current_app.config["BASE_URL"]
    return base_url + url_for(endpoint, **values, _external=False)
