"""Erasing sets the same columns, whether by withdrawing or after closing; closing a draft erases all that it says."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from app import clock
from app.db import transaction
from app.models import Draft, Petition, Signature, Visibility
from app.models.draft import CLOSED
from app.models.signature import ERASED
from app.retention.erase import erase_after_closing
from app.signers.withdraw import withdraw
from tests.factories import make_signature, signatures

pytestmark = pytest.mark.both_databases

# A new column must be erased, or be listed here if it tells nothing about the signer.
STAYS = {
    *("id", "public_id", "petition_id", "text_id", "notice_id", "language", "state", "reason"),
    *("generation", "changes", "hidden_name", "hidden_comment", "signed_at", "verified_at"),
}
STAYS_IN_A_CLOSED_DRAFT = {
    *("public_id", "petition_id", "text_id", "notice_id", "language", "signed_at", "expires_at", "reminded"),
    "signature_id",
}
STAYS_FOR_A_WHILE = {"email_key"}  # needed to refuse signing again, and to undo declining


def test_every_column_is_erased_or_listed_as_harmless() -> None:
    assert {*Signature.__table__.columns.keys()} == {*ERASED} | STAYS | STAYS_FOR_A_WHILE
    assert {*Draft.__table__.columns.keys()} == {*CLOSED} | STAYS_IN_A_CLOSED_DRAFT | STAYS_FOR_A_WHILE


@pytest.mark.parametrize("way", ["withdrawn", "after closing"])
def test_every_way_of_erasing_sets_the_same_columns(app: Flask, petition: str, way: str) -> None:
    public_id = make_signature(app)
    with app.app_context():
        with transaction() as session:
            told = {"network_key": b"n" * 32, "domain_key": b"d" * 32, "updates": True}
            session.execute(update(Signature).values(**told))
            session.execute(update(Petition).values(closes_at=clock.now() - timedelta(days=91)))
        assert erase_after_closing() == 1 if way == "after closing" else withdraw(public_id)
    (left,) = signatures(app)
    assert {column: getattr(left, column) for column in ERASED} == ERASED
    assert (left.sealed, left.country, left.visibility) == (None, "", Visibility.ORGANISERS)
