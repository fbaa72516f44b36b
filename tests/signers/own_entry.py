"""What a signer does with their own entry: open its link, correct it, withdraw it."""

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.crypto import tokens
from app.db import db
from app.models import Kind, LedgerEntry
from tests.factories import fill_in_and_send


def link_to(app: Flask, public_id: bytes, generation: int = 0) -> str:
    """Return the path of the link to the entry with this id."""
    with app.app_context():
        return f"/signature/{tokens.make_token(tokens.Purpose.ENTRY, public_id, generation)}"


def save(client: FlaskClient, link: str, **changed: str) -> TestResponse:
    """Open the entry, change something in its form, and save it."""
    return fill_in_and_send(client, link, act="correct", **changed)


def withdraw(client: FlaskClient, link: str) -> TestResponse:
    """Press the button that withdraws the signature."""
    return client.post(link, data={"act": "withdraw"})


def ledger(app: Flask) -> list[Kind]:
    """Return the kinds of all ledger rows, in order."""
    with app.app_context():
        return list(db.session.scalars(select(LedgerEntry.kind).order_by(LedgerEntry.id)))
