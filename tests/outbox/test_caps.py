"""Strangers can cause few letters to one mailbox: three for a petition and six for the site in a day."""

from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from app import clock
from app.db import transaction
from app.models import OutboxRow
from tests.factories import make_petition, sign
from tests.mail_server import MailServer


def test_six_letters_to_a_mailbox_on_all_petitions_together(
    app: Flask, client: FlaskClient, mail_server: MailServer, work: Callable[[], int]
) -> None:
    for number in range(4):
        slug = make_petition(app, slug=f'"petition-{number}"')
        for _ in range(2):
            sign(client, slug)
    work()
    assert len(mail_server.letters) == 6


def test_the_next_day_letters_go_out_again(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Callable[[], int]
) -> None:
    for _ in range(4):
        sign(client)
    work()
    with app.app_context(), transaction() as session:
        session.execute(update(OutboxRow).values(allowed_at=clock.now() - timedelta(hours=25)))
    sign(client)
    work()
    assert len(mail_server.letters) == 4
