"""Reads petitions from the database for tests, and inserts public signers."""

from datetime import UTC, datetime
from uuid import uuid4

from flask import Flask
from sqlalchemy import select, update

from app.db import db, transaction
from app.models import Petition, PetitionText, PrivacyNotice, Signature, Visibility
from app.models.signer import Signer
from tests.factories import SLUG, make_signature

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def everything(app: Flask) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of all tables."""
    with app.app_context(), db.engine.connect() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in db.metadata.sorted_tables
        }


def texts(app: Flask) -> list[PetitionText]:
    with app.app_context():
        return list(db.session.scalars(select(PetitionText).order_by(PetitionText.version)))


def notices(app: Flask) -> list[PrivacyNotice]:
    with app.app_context():
        return list(db.session.scalars(select(PrivacyNotice).order_by(PrivacyNotice.version)))


def the_petition(app: Flask, slug: str = SLUG) -> Petition:
    with app.app_context():
        return db.session.scalars(select(Petition).where(Petition.slug == slug)).one()


def public_signer(app: Flask, name: str, on: datetime = NOON, affiliation: str = "", comment: str = "") -> None:
    """Insert a verified public signer without a country, verified at `on`."""
    address = f"{uuid4().hex}@example.org"
    public_id = make_signature(app, email=address, name=name)
    with app.app_context(), transaction() as session:
        petition = session.scalars(select(Petition).where(Petition.slug == SLUG)).one()
        signer = Signer(name, affiliation, comment, address, "", Visibility.PUBLIC, False)
        sealed = signer.sealed_for(public_id, petition.public_id)
        mine = update(Signature).where(Signature.public_id == public_id)
        session.execute(mine.values(sealed=sealed, verified_at=on, country=""))
