"""Purging what has expired while somebody confirms another form of the same mailbox: neither waits for the other."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from app import clock
from app.db import transaction
from app.models import Draft
from app.retention.purge import purge_drafts
from app.signing.draft import locked_drafts, locked_letters
from tests.factories import drafts, press_confirm, sign, verified
from tests.mail_server import MailServer, link_in


@pytest.mark.postgresql_alone
def test_a_draft_whose_letter_a_confirmation_holds_is_left_for_another_time(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Callable[[], int]
) -> None:
    sign(client)
    sign(client)
    work()
    expired, open_one = (draft.public_id for draft in drafts(app))
    with app.app_context(), transaction() as session:
        over = update(Draft).where(Draft.public_id == expired)
        session.execute(over.values(expires_at=clock.now() - timedelta(seconds=1)))

    def purge() -> int:
        with app.app_context():
            return purge_drafts()

    purging = ThreadPoolExecutor(1)
    with app.app_context(), transaction() as session:  # as confirming begins
        session.execute(locked_letters(), {"this_draft": open_one})
        assert purging.submit(purge).result(30) == 0  # it waits for no lock
        assert len(session.execute(locked_drafts(), {"this_draft": open_one}).all()) == 2
    assert purge() == 1
    assert [draft.public_id for draft in drafts(app)] == [open_one]
    link = next(link for link in map(link_in, mail_server.letters) if press_confirm(client, link).status_code == 303)
    assert link
    assert verified(client) == 1
