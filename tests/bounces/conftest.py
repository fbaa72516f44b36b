"""A site that e-mails come back to."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db import db
from app.email.return_path import make_return_token
from app.models import OutboxRow
from tests import factories
from tests.bounces.returned import TOKEN

Coming = Callable[..., bytes]


@pytest.fixture
def sent(app: Flask, client: FlaskClient, petition: str, work: Callable[[], int]) -> Callable[..., str]:
    """Sign with an address and let the e-mail leave; give the path of the page that says what happens next."""

    def sign(email: str = "ann@example.org") -> str:
        answer = factories.sign(client, email=email)
        work()
        return answer.location

    return sign


def newest_row(app: Flask) -> OutboxRow:
    """Return the row of the e-mail that was queued last."""
    with app.app_context():
        return db.session.scalars(select(OutboxRow).order_by(OutboxRow.id.desc()).limit(1)).one()


def coming_back(app: Flask, bounce: bytes, row: OutboxRow | None = None) -> bytes:
    """Return a made-up bounce as it would be of the e-mail in this row of the outbox, or in the newest."""
    with app.app_context():
        token = make_return_token((row or newest_row(app)).public_id)
    return bounce.replace(TOKEN.encode(), token.encode())
