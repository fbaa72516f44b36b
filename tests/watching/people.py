"""Makes many signatures, each with its ledger row, for tests of lists and numbers."""

import os
from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import insert, select

from app.db import transaction
from app.models import (
    DELTA,
    Kind,
    LedgerEntry,
    Petition,
    PetitionText,
    PrivacyNotice,
    Reason,
    Signature,
    State,
    Visibility,
)
from app.models.signer import Signer
from tests.factories import SLUG

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HISTORY = {
    State.VERIFIED: (Kind.CONFIRMED,),
    State.WITHDRAWN: (Kind.CONFIRMED, Kind.WITHDRAWN),
    State.INVALIDATED: (Kind.CONFIRMED, Kind.INVALIDATED),
}


def add_people(
    app: Flask,
    number: int,
    state: State = State.VERIFIED,
    country: str = "SE",
    language: str = "en",
    signed_at: datetime = NOON,
    took: timedelta = timedelta(minutes=5),
    apart: timedelta = timedelta(seconds=1),
    slug: str = SLUG,
) -> list[bytes]:
    """Add that many signatures in `state`, one after the other; return their public ids in that order."""
    with app.app_context(), transaction() as session:
        petition_id, petition_public_id = session.execute(
            select(Petition.id, Petition.public_id).where(Petition.slug == slug)
        ).one()
        about = {
            "petition_id": petition_id,
            "text_id": session.scalars(select(PetitionText.id).where(PetitionText.petition_id == petition_id)).first(),
            "notice_id": session.scalars(
                select(PrivacyNotice.id).where(PrivacyNotice.petition_id == petition_id)
            ).first(),
            "language": language,
            "country": country,
            "state": state,
            "visibility": Visibility.PUBLIC,
            "reason": Reason.OTHER if state == State.INVALIDATED else None,
            "changes": len(HISTORY[state]),
        }
        is_erased = state == State.WITHDRAWN
        people = []
        for which in range(number):
            public_id = os.urandom(16)
            address = f"p{public_id.hex()}@example.org"
            signer = Signer(f"Person {which}", "Reader", "I read.", address, country, Visibility.PUBLIC, False)
            at = signed_at + which * apart
            people.append(
                about
                | {
                    "public_id": public_id,
                    "email_key": None if is_erased else os.urandom(32),
                    "sealed": None if is_erased else signer.sealed_for(public_id, petition_public_id),
                    "signed_at": at,
                    "verified_at": at + took,
                }
            )
        made = session.execute(
            insert(Signature).returning(Signature.id, Signature.verified_at, sort_by_parameter_order=True), people
        ).all()
        entries = [
            {
                "petition_id": petition_id,
                "signature_id": row.id,
                "change": change,
                "kind": kind,
                "delta": DELTA[kind],
                "at": row.verified_at,
            }
            for row in made
            for change, kind in enumerate(HISTORY[state], 1)
        ]
        session.execute(insert(LedgerEntry), entries)
        return [person["public_id"] for person in people]


def petition_id_of(slug: str = SLUG) -> int:
    """Return the petition's id; call it inside an app context."""
    with transaction() as session:
        return session.scalars(select(Petition.id).where(Petition.slug == slug)).one()
