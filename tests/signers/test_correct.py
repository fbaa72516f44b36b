"""Correcting one's own entry: what changes, what the ledger keeps of it, and that an outdated page changes nothing."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db import db
from app.ledger.audit import audit
from app.models import Kind, Petition, State, Visibility
from app.models.signer import Signer, signer_of
from app.web import rate_limits
from tests.factories import SLUG, hidden_fields, signatures, verified
from tests.races import just_before_writing
from tests.signers.own_entry import ledger, save, withdraw

pytestmark = pytest.mark.both_databases

PAGE = f"/petitions/{SLUG}"


def test_a_correction_is_in_the_ledger_and_does_not_move_the_count(app: Flask, client: FlaskClient, entry: str) -> None:
    answer = save(client, entry, name="Anna Example", affiliation="Writer")
    assert "It is saved." in answer.text
    (row,) = signatures(app)
    with app.app_context():
        assert signer_of(row) == Signer(
            "Anna Example", "Writer", "I read.", "ann@example.org", "SE", Visibility.PUBLIC, updates=False
        )
        assert audit(db.session.scalars(select(Petition)).one()).sound
    assert verified(client) == 1
    assert ledger(app) == [Kind.CONFIRMED, Kind.CORRECTED]


def test_changing_visibility_or_updates_is_not_recorded_in_the_ledger(
    app: Flask, client: FlaskClient, entry: str
) -> None:
    save(client, entry, visibility="organisers", updates="y")
    (row,) = signatures(app)
    assert (row.visibility, row.updates) == (Visibility.ORGANISERS, True)
    assert row.updates_at and row.updates_at > row.verified_at, "it is kept when that was agreed to"
    save(client, entry, visibility="organisers")
    assert (signatures(app)[0].updates, signatures(app)[0].updates_at) == (False, None)
    assert "Ann Example" not in client.get(PAGE).text
    assert ledger(app) == [Kind.CONFIRMED]
    save(client, entry)
    assert "Ann Example" in client.get(PAGE).text


def test_an_entry_is_changed_so_often_a_day_and_no_more(
    client: FlaskClient, entry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "MAX_CORRECTIONS", 3)
    assert [save(client, entry, name=f"Ann {number}").status_code for number in range(5)] == [200] * 3 + [429] * 2
    refused = save(client, entry, name="Ann the Last")
    assert "You have changed this often today." in refused.text
    assert "Ann the Last" in refused.text, "what was typed is still there"
    assert "Ann 2" in client.get(entry).text
    assert withdraw(client, entry).status_code == 410


def test_an_invalid_correction_changes_nothing_and_keeps_what_was_typed(client: FlaskClient, entry: str) -> None:
    answer = save(client, entry, name=" ", affiliation="Still here")
    assert answer.status_code == 422
    assert "Please tell us your name." in answer.text
    assert "Still here" in answer.text
    assert "Ann Example" in client.get(PAGE).text


def test_an_outdated_page_changes_nothing(client: FlaskClient, entry: str) -> None:
    old = hidden_fields(client.get(entry).text)
    save(client, entry, name="Anna Example")
    answer = save(client, entry, name="Old Example", **old)
    assert answer.status_code == 409
    assert "Please look once more" in answer.text
    assert "Anna Example" in client.get(PAGE).text


def test_a_correction_that_commits_in_between_stays_and_the_later_one_is_refused(
    app: Flask, client: FlaskClient, entry: str
) -> None:
    with just_before_writing(lambda: save(app.test_client(), entry, name="Anna Example")):
        answer = save(client, entry, name="Late Example")
    assert answer.status_code == 409
    assert "was changed after you opened the page" in answer.text
    assert "Anna Example" in answer.text
    (row,) = signatures(app)
    with app.app_context():
        assert signer_of(row).name == "Anna Example"
    assert ledger(app) == [Kind.CONFIRMED, Kind.CORRECTED]


def test_a_withdrawal_that_commits_in_between_stays_and_the_correction_is_refused(
    app: Flask, client: FlaskClient, entry: str
) -> None:
    with just_before_writing(lambda: withdraw(app.test_client(), entry)):
        answer = save(client, entry, name="Late Example")
    assert answer.status_code == 410
    assert "It is withdrawn" in answer.text
    (row,) = signatures(app)
    assert (row.state, row.sealed) == (State.WITHDRAWN, None)
    assert ledger(app) == [Kind.CONFIRMED, Kind.WITHDRAWN]
