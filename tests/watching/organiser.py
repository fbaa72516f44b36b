"""An organiser who is signed in, as a browser of theirs, and the forms that they press."""

import re

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import clock
from app.db import transaction
from app.models import Membership, Organiser, Petition, Role
from app.organisers.accounts import email_key
from tests.factories import SLUG, hidden_fields

BASE = f"/organise/petitions/{SLUG}"


def signed_in(app: Flask, role: Role = Role.EDITOR, slug: str = SLUG, email: str = "olga@example.org") -> FlaskClient:
    """Return the browser of an organiser who is `role` in the petition and has just signed in."""
    with app.app_context(), transaction() as session:
        organiser = Organiser(email, email_key(session, email), "en")
        organiser.joined_at = clock.now()
        session.add(organiser)
        session.flush()
        petition_id = session.scalars(select(Petition.id).where(Petition.slug == slug)).one()
        session.add(Membership(petition_id=petition_id, organiser_id=organiser.id, role=role))
        identity = organiser.fs_uniquifier
    client = app.test_client()
    with client.session_transaction("/organise") as cookie:
        cookie.update({"_user_id": identity, "_fresh": True, "fs_cc": "set", "fs_paa": clock.now().timestamp()})
    return client


def press(client: FlaskClient, page: str, path: str, **fields: object) -> TestResponse:
    """Send a form of `page` (its HTML) to `path`, with the token that the page carries."""
    return client.post(path, data={"csrf_token": hidden_fields(page)["csrf_token"], **fields})


def entries_in(page: str) -> list[str]:
    """Return the names of the entries in a list, in its order."""
    return re.findall(r'name="entry" value="([0-9a-f]{32})"', page)
