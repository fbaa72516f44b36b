"""What people wait for in front of their screens leaves first, and what nobody waits for last, whatever came first."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.confirmation.remind import queue_reminders
from app.db import db
from app.models import Organiser, Petition, Role
from app.organisers import accounts
from app.outbox.deliver import deliver
from app.signing import proof_of_work
from app.updates.queue import send_news
from app.worker import LETTERS
from tests.confirmation.test_remind import let_pass
from tests.factories import press_confirm, proof, sign
from tests.mail_server import MailServer, link_in
from tests.organisers.people import OWNER, browser, make_organiser
from tests.updates.conftest import Make, agree, make_news

__all__ = ["make_news"]
pytestmark = pytest.mark.both_databases


def test_one_of_each_kind_leaves_in_the_order_in_which_people_wait_for_them(
    app: Flask, client: FlaskClient, petition: str, make_news: Make, mail_server: MailServer,
    work: Callable[[], int], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(proof_of_work, "MAX_NUMBER", 10)
    sign(client, email="reminded@example.org")
    sign(client, email="thanked@example.org")
    work()
    (to_thank,) = mail_server.to("thanked@example.org")
    let_pass(app, days=1)
    mail_server.reset()
    # The last first, so that none leaves in the order in which they were queued.
    agree(app, "told@example.org", "seeking@example.org")
    make_news()
    with app.app_context():
        send_news()
    browser(app).post("/organise/reset", data={"email": OWNER})
    invite(app, "invited@example.org")
    with app.app_context():
        assert queue_reminders() == 2
    press_confirm(client, link_in(to_thank))
    client.post(f"/petitions/{petition}/my-signature", data={"email": "seeking@example.org"})
    sign(client, email="new@example.org", altcha=proof(client))
    with app.app_context():
        while deliver(LETTERS):
            pass
    assert [letter["To"].partition("@")[0] for letter in mail_server.letters] == [
        "new",
        "seeking",
        "thanked",
        "reminded",
        "invited",
        "owner",
        "told",
        "seeking",
    ]


def invite(app: Flask, email: str) -> None:
    """Have an owner invite somebody."""
    owner_id = make_organiser(app, OWNER, Role.OWNER)
    with app.app_context():
        owner, petition = db.session.get_one(Organiser, owner_id), db.session.scalars(select(Petition)).one()
        accounts.invite(email, petition, Role.EDITOR, inviter=owner)
