"""Undoing "it was not me" undoes what it did, and no "no more letters" that was said elsewhere."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app import clock
from app.db import db, transaction
from app.models import Declined, Draft, Unwanted
from app.outbox import unwanted
from app.retention.purge import forget_declined
from app.signers.decline import UNDO_PERIOD, decline, undo_decline
from tests.factories import drafts, make_petition, sign

pytestmark = pytest.mark.both_databases

ANN = "ann@example.org"


def wants_letters(app: Flask) -> bool:
    with app.app_context():
        return db.session.scalars(select(Unwanted)).first() is None


@pytest.fixture
def ids(app: Flask, client: FlaskClient, petition: str) -> list[bytes]:
    """Her drafts in two petitions."""
    make_petition(app, slug='"another"')
    sign(client, email=ANN)
    sign(client, "another", email=ANN)
    with app.app_context(), transaction() as session:
        session.execute(update(Draft).values(expires_at=clock.now() + timedelta(days=7)))
    return [draft.public_id for draft in sorted(drafts(app), key=lambda draft: draft.petition_id)]


def test_what_it_stopped_goes_on(app: Flask, ids: list[bytes]) -> None:
    with app.app_context():
        assert decline(ids[0], never_again=True)
        assert not wants_letters(app)
        assert undo_decline(ids[0])
    assert wants_letters(app)


def test_what_was_stopped_before_stays_stopped(app: Flask, ids: list[bytes]) -> None:
    with app.app_context():
        with transaction() as session:
            unwanted.stop_emails(session, unwanted.mailbox_of(session, ANN), clock.now())
        assert decline(ids[0], never_again=True)
        assert undo_decline(ids[0])
    assert not wants_letters(app)


@pytest.mark.parametrize("first", [0, 1])
def test_what_was_stopped_in_two_petitions_goes_on_when_both_are_undone(
    app: Flask, ids: list[bytes], first: int
) -> None:
    with app.app_context():
        for public_id in ids:
            assert decline(public_id, never_again=True)
        assert undo_decline(ids[first])
        assert not wants_letters(app)
        assert undo_decline(ids[1 - first])
    assert wants_letters(app)


def test_what_can_be_undone_in_one_petition_no_more_stays_stopped(
    app: Flask, ids: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        assert decline(ids[0], never_again=True)
        later = clock.now() + UNDO_PERIOD - timedelta(days=1)
        monkeypatch.setattr(clock, "now", lambda: later)
        with transaction() as session:
            session.execute(update(Draft).values(expires_at=later + timedelta(days=7)))
        assert decline(ids[1], never_again=True)
        monkeypatch.setattr(clock, "now", lambda: later + timedelta(days=2))
        forget_declined()
        assert [mark.unwanted for mark in db.session.scalars(select(Declined))] == [None, None]
        assert undo_decline(ids[1])
    assert not wants_letters(app)


def test_what_was_stopped_anew_since_stays_stopped(app: Flask, ids: list[bytes]) -> None:
    with app.app_context():
        assert decline(ids[0], never_again=True)
        for act in (unwanted.resume_emails, lambda *told: unwanted.stop_emails(*told, clock.now())):
            with transaction() as session:
                act(session, unwanted.mailbox_of(session, ANN))
        assert undo_decline(ids[0])
    assert not wants_letters(app)
