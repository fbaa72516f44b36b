"""A signed-in organiser's browser, and how to send forms with it."""

import re

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.models import Role
from tests.factories import SLUG, hidden_fields
from tests.organisers import people

BASE = f"/organise/petitions/{SLUG}"


def signed_in(app: Flask, role: Role = Role.EDITOR, slug: str = SLUG, email: str = "olga@example.org") -> FlaskClient:
    """Return the browser of an organiser with this role who has just signed in."""
    return people.signed_in(app, email, role, slug)


def press(client: FlaskClient, page: str, path: str, **fields: object) -> TestResponse:
    """Send a form to `path`, with the CSRF token in `page` (HTML)."""
    return client.post(path, data={"csrf_token": hidden_fields(page)["csrf_token"], **fields})


def entries_in(page: str) -> list[str]:
    """Return the entries' names in a list, in order."""
    return re.findall(r'name="entry" value="([0-9a-f]{32})"', page)
