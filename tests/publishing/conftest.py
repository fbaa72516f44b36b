"""Fixtures for tests of publishing: signed-in organisers, a petition of theirs, and how to send its forms."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import clock
from app.db import db, transaction
from app.models import Membership, Organiser, Petition, Role
from app.organisers import accounts
from tests.factories import SLUG, make_petition
from tests.html_page import HtmlPage
from tests.organisers.people import signed_in

PLACE = f"/organise/petitions/{SLUG}"
TRUSTED = {
    "controller_name": "Test Library Club",
    "controller_address": "1 Test Street, Testville",
    "controller_email": "data@example.org",
    "addressed_to": "The Town Council of Testville",
    "contact": "library@example.org",
    "erase_after_days": "90",
}


class Desk:
    """A signed-in organiser's browser."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def page(self, path: str) -> HtmlPage:
        answer = self.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.headers.get('Location')}"
        return HtmlPage(answer.text)

    def form(self, path: str, *having: str) -> dict[str, str]:
        """Return the fields that the page's form would send unchanged: of several, the one for the fields `having`."""
        page = self.page(path)
        forms = [one for one in page.all("form", method="post") if "logout" not in (one.get("action") or "")]
        lists = {name.partition("-")[0] for name in having}

        def fits(fields: dict[str, str]) -> bool:
            return fields.get("step") in lists | set(having) or any(name in fields for name in having)

        answers = [page.answers(one) for one in forms]
        return next((one for one in answers if fits(one)), answers[0])

    def send(self, path: str, **fields: object) -> TestResponse:
        """Open the page, fill in its form, and send it."""
        more = fields.get("more")
        return self.client.post(path, data=self.form(path, *fields, *([str(more)] if more else [])) | fields)

    def press(self, path: str, **fields: object) -> TestResponse:
        """Send these fields alone."""
        token = self.form("/organise/account")["csrf_token"]
        return self.client.post(path, data={"csrf_token": token, **fields})


Seat = Callable[..., Desk]


@pytest.fixture
def seat(app: Flask) -> Seat:
    """Return a function that signs an organiser in who may open, with a role in the test petition if it exists."""

    def sit(role: Role | None = Role.OWNER, email: str = "olga@example.org", minutes_ago: float = 0) -> Desk:
        join(app, email, role)
        return Desk(signed_in(app, email, minutes_ago=minutes_ago, with_token=False))

    return sit


def join(app: Flask, email: str, role: Role | None) -> None:
    """Add an organiser who has joined and may open, with the role if the petition exists."""
    with app.app_context(), transaction() as session:
        key = accounts.organiser_email_key(session, email)
        organiser = session.scalars(select(Organiser).where(Organiser.email_key == key)).one_or_none()
        if organiser is None:
            organiser = Organiser(email, key, "en")
            organiser.active = True
            organiser.joined_at = clock.now()
            organiser.may_open = True
            session.add(organiser)
            session.flush()
        petition = session.scalars(select(Petition).where(Petition.slug == SLUG)).one_or_none()
        if petition is not None and role is not None:
            member = session.get(Membership, (petition.id, organiser.id))
            if member is None or member.role != role:  # else they have had it for longer
                session.merge(Membership(petition, organiser, role))


@pytest.fixture
def desk(app: Flask, seat: Seat) -> Desk:
    """The browser of the open test petition's owner."""
    make_petition(app)
    return seat()


@pytest.fixture
def draft(app: Flask, seat: Seat) -> Desk:
    """The browser of an incomplete draft's owner."""
    seat_of_owner = seat(None)
    answer = seat_of_owner.send("/organise/petitions/new", title="Save the test library", slug=SLUG)
    assert answer.status_code == 303, answer.text
    return seat_of_owner


def stored(app: Flask) -> Petition:
    with app.app_context():
        return db.session.scalars(select(Petition).where(Petition.slug == SLUG)).one()
