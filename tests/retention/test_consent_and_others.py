"""Ending the consent of who wants no more e-mails, while somebody else's signature is in use."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import select

from app.db import transaction
from app.models import Signature
from app.retention.consent import end_consent
from tests.factories import change_signers, make_signature, signatures
from tests.signers.test_opting_out import ANN, stop


@pytest.mark.postgresql_alone
def test_nobody_elses_signature_is_locked(app: Flask, petition: str) -> None:
    for who in ("ann", "bob"):
        make_signature(app, email=f"{who}@example.org")
    change_signers(app, updates=True)
    stop(app, ANN)

    def end() -> int:
        with app.app_context():
            return end_consent()

    with app.app_context(), transaction() as session:
        bob = session.scalars(select(Signature.id).order_by(Signature.id.desc()).limit(1)).one()
        session.execute(select(Signature.id).where(Signature.id == bob).with_for_update())
        assert ThreadPoolExecutor(1).submit(end).result(30) == 1
    assert [one.updates for one in signatures(app)] == [False, True]
