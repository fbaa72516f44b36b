"""Withdrawing one's own entry: the data is erased, the count goes down by one, whoever else is at it."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db import db
from app.ledger.audit import audit
from app.models import Kind, Petition, Reason, State, Visibility
from app.moderation.bulk import invalidate, preview, restore
from app.watching.selection import Selection
from tests.concurrency.test_races import at_once
from tests.factories import make_signature, press_confirm, sign, signatures, verified
from tests.mail_server import MailServer, link_in
from tests.signers.own_entry import ledger, link_to, save, withdraw

pytestmark = pytest.mark.both_databases


def test_withdrawing_erases_the_data_and_lets_the_mailbox_sign_again(
    app: Flask, client: FlaskClient, entry: str, mail_server: MailServer, work: Callable[[], int]
) -> None:
    answer = withdraw(client, entry)
    assert "It is withdrawn" in answer.text
    (row,) = signatures(app)
    assert (row.state, row.sealed, row.email_key, row.updates) == (State.WITHDRAWN, None, None, False)
    assert (row.country, row.visibility) == ("", Visibility.ORGANISERS)
    assert verified(client) == 0
    assert withdraw(client, entry).status_code == 410
    assert client.get(entry).status_code == 410
    assert ledger(app) == [Kind.CONFIRMED, Kind.WITHDRAWN]
    sign(client)
    work()
    press_confirm(client, link_in(mail_server.letters[0]))
    assert [row.state for row in signatures(app)] == [State.WITHDRAWN, State.VERIFIED]
    assert len({row.public_id for row in signatures(app)}) == 2
    assert verified(client) == 1


def test_withdrawing_eight_times_at_once_counts_once(app: Flask, entry: str) -> None:
    clients = [app.test_client() for _ in range(8)]
    at_once(8, lambda which: withdraw(clients[which], entry).status_code)
    assert ledger(app) == [Kind.CONFIRMED, Kind.WITHDRAWN]
    assert verified(app.test_client()) == 0


def test_withdrawing_while_an_organiser_invalidates_counts_down_once(app: Flask, petition: str) -> None:
    client = app.test_client()
    for number in range(5):
        link = link_to(app, make_signature(app, email=f"ann{number}@example.org"))

        def press(which: int, link: str = link) -> None:
            if which:
                withdraw(app.test_client(), link)
                return
            with app.app_context():
                petition_id = db.session.scalars(select(Petition.id)).one()
                chosen = Selection(State.VERIFIED)
                invalidate(petition_id, chosen, preview(petition_id, chosen).fingerprint, None, Reason.OTHER)

        at_once(2, press)
        assert verified(client) == 0
        assert signatures(app)[-1].sealed is None or signatures(app)[-1].state == State.INVALIDATED
    with app.app_context():
        assert audit(db.session.scalars(select(Petition)).one()).sound


def test_an_invalidated_signature_stays_invalidated_after_withdrawing_and_signing_again(
    app: Flask, client: FlaskClient, petition: str
) -> None:
    link = link_to(app, make_signature(app, state=State.INVALIDATED))
    page = client.get(link).text
    assert "It is not counted" in page
    assert "library@example.org" in page
    assert save(client, link, name="Anna Example").status_code == 200
    withdraw(client, link)
    (row,) = signatures(app)
    assert (row.state, row.sealed, row.email_key is None) == (State.INVALIDATED, None, False)
    assert ledger(app) == []
    sign(client)
    assert len(signatures(app)) == 1
    with app.app_context():
        chosen = Selection(State.INVALIDATED)
        assert restore(row.petition_id, chosen, preview(row.petition_id, chosen).fingerprint, None) == 0
